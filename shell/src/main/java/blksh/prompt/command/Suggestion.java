package blksh.prompt.command;

/**
 * Something that may stand where the cursor is in a command.
 *
 * @param description a few words about it; empty when there is nothing to say
 */
public record Suggestion(String text, String description) {}
