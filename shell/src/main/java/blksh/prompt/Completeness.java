package blksh.prompt;

import blksh.prompt.line.EntryText;
import blksh.script.FastLane;
import blksh.script.kotlin.Repl;

/** Whether what was typed is a whole entry, as opposed to the beginning of one. */
final class Completeness {

  private final FastLane fastLane;
  private final ReadyCompiler compiler;

  /** Whether the last entry was taken for complete before the compiler could say. */
  private boolean guessed;

  Completeness(FastLane fastLane, ReadyCompiler compiler) {
    this.fastLane = fastLane;
    this.compiler = compiler;
  }

  /**
   * Whether a text can be handed over. Asked within the line editor, which must not wait for the
   * compiler: what the init script prints waits for the line editor.
   */
  boolean reads(String text) {
    guessed = false;
    if (text.isBlank() || plain(text) != null) {
      return true;
    }
    if (compiler.isBusy()) {
      // With an entry that was abandoned: the wait for it can be seen, and interrupted.
      return true;
    }
    try {
      Repl repl = compiler.orNull();
      if (repl == null) {
        compiler.want();
        guessed = true;
        return true;
      }
      return !(repl.read(text) instanceof Repl.Reading.Incomplete);
    } catch (StackOverflowError | OutOfMemoryError excess) {
      // Whoever compiles it says so.
      return true;
    } catch (InterruptedException hurry) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  /** Whether an entry that was taken for complete goes on after all. */
  boolean onlyBegun(String text) throws InterruptedException {
    if (!guessed) {
      return false;
    }
    compiler.awaited();
    return !reads(text) && !EntryText.of(text).broken();
  }

  /** A text as a plain path; null when it is none, or too deep to tell. */
  FastLane.Plain plain(String text) {
    try {
      return fastLane.read(text);
    } catch (StackOverflowError excess) {
      return null;
    }
  }
}
