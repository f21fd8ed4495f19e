package blksh.prompt.command;

/** Something that may stand where the cursor is in a command, with a few words about it or null. */
public record Suggestion(String text, String description) {}
