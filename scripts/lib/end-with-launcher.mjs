// Imported before a program: ends it when the launcher that holds its IPC channel is gone, however that ended.
if (process.channel) {
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  // A channel that is listened to must not keep the process alive at its end.
  process.channel.unref();
}
