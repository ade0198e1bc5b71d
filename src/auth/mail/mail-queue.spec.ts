import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { MailQueue } from './mail-queue.js';

describe('MailQueue', () => {
  let queue: MailQueue;
  let warnings: jest.SpiedFunction<Logger['warn']>;
  let errors: jest.SpiedFunction<Logger['error']>;
  const send = jest.fn<() => Promise<void>>();

  beforeEach(() => {
    jest.useFakeTimers();
    queue = new MailQueue();
    send.mockReset().mockResolvedValue(undefined);
    warnings = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    errors = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
  });
  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  const passes = (ms: number) => jest.advanceTimersByTimeAsync(ms);

  it('returns before it sends, whatever the sender does', async () => {
    send.mockImplementation(() => {
      throw new Error('at once');
    });
    queue.handOver('registration', send);
    expect(send).not.toHaveBeenCalled();
    await passes(0);
    expect(send).toHaveBeenCalledTimes(1);
    expect(warnings).toHaveBeenCalledTimes(1);
  });

  it('tries four times in two minutes, then gives up and says so', async () => {
    send.mockRejectedValue(new Error('the mail server is away'));
    queue.handOver('registration', send);
    await passes(121_000);
    expect(send).toHaveBeenCalledTimes(3);
    expect(errors).not.toHaveBeenCalled();
    await passes(2_000);
    expect(send).toHaveBeenCalledTimes(4);
    expect(warnings.mock.calls.map(([message]) => message)).toEqual(
      [2, 20, 100].map((s) => `a mail (registration) waits ${s} s for its next try: the mail server is away`),
    );
    expect(String(errors.mock.calls[0]?.[0])).toMatch(
      /^a mail \(registration\) was not sent, and will not be: Error: the mail server is away/,
    );
    await passes(600_000);
    expect(send).toHaveBeenCalledTimes(4);
  });

  it('sends once when a try succeeds', async () => {
    send.mockRejectedValueOnce(new Error('greylisted'));
    queue.handOver('registration', send);
    await passes(600_000);
    expect(send).toHaveBeenCalledTimes(2);
    expect(errors).not.toHaveBeenCalled();
  });

  it('takes a sender that hangs for one that failed, and goes on with the others', async () => {
    const never = jest.fn(() => new Promise<void>(() => undefined));
    for (let i = 0; i < 4; i += 1) queue.handOver('registration', never);
    queue.handOver('account exists', send);
    await passes(29_000);
    expect(send).not.toHaveBeenCalled();
    await passes(1_100);
    expect(send).toHaveBeenCalledTimes(1);
    expect(warnings).toHaveBeenCalledTimes(4);
  });

  it('sends four at a time', async () => {
    let [sending, most] = [0, 0];
    const slow = async () => {
      most = Math.max(most, (sending += 1));
      await new Promise((resolve) => setTimeout(resolve, 10));
      sending -= 1;
    };
    for (let i = 0; i < 20; i += 1) queue.handOver('registration', slow);
    await passes(100);
    expect([sending, most]).toEqual([0, 4]);
  });

  it('drops what is beyond a thousand, and says so', async () => {
    for (let i = 0; i < 1001; i += 1) queue.handOver('registration', send);
    await passes(100);
    expect(send).toHaveBeenCalledTimes(1000);
    expect(errors).toHaveBeenCalledWith('a mail (registration) was dropped: 1000 others are waiting');
    queue.handOver('registration', send);
    await passes(100);
    expect(send).toHaveBeenCalledTimes(1001);
  });

  it('tries once more what waits when the program ends, and then says what is lost', async () => {
    send.mockRejectedValueOnce(new Error('away'));
    queue.handOver('registration', send);
    await passes(10);
    await queue.beforeApplicationShutdown();
    expect(send).toHaveBeenCalledTimes(2);
    expect(errors).not.toHaveBeenCalled();

    const other = new MailQueue();
    other.handOver('registration', send.mockReturnValue(new Promise(() => undefined)));
    await passes(10);
    const ended = other.beforeApplicationShutdown();
    await passes(2_000);
    await ended;
    expect(errors).toHaveBeenCalledWith('1 mails are lost: the program ends');
  });

  it('keeps no program from ending that has nothing to send', async () => {
    queue.handOver('registration', send);
    await passes(10);
    await expect(queue.beforeApplicationShutdown()).resolves.toBeUndefined();
  });
});
