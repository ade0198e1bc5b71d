/**
 * A module, a store or a throttle was given options that it cannot work with. Thrown at start, once, with everything that
 * is wrong. Names the options and says what to do; never quotes a value.
 */
export class InvalidOptionsError extends TypeError {
  override readonly name = 'InvalidOptionsError';

  /**
   * @param what was to be made, such as `SessionModule cannot start`
   * @param problems one sentence each
   */
  constructor(
    what: string,
    readonly problems: readonly string[],
  ) {
    super(`${what}:\n${problems.map((problem) => `- ${problem}`).join('\n')}`);
  }

  /** Says nothing when there is no problem. @throws InvalidOptionsError */
  static throwFor(what: string, problems: readonly string[]): void {
    if (problems.length > 0) throw new InvalidOptionsError(what, problems);
  }
}
