package blksh.prompt.command;

/** How a command ended. */
public enum Ending {
  DONE,
  FAILED,
  /** The person wishes to leave the prompt. */
  LEAVE
}
