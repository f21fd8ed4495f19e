package blksh.store.sealed;

import blksh.store.shelf.Exclusion;
import java.io.Closeable;
import java.util.function.UnaryOperator;

/** The locks of the shelf below, which learn what is used by other names. */
final class SealedExclusion implements Exclusion {

  private final Exclusion exclusion;
  private final UnaryOperator<String> hidden;

  SealedExclusion(Exclusion exclusion, UnaryOperator<String> hidden) {
    this.exclusion = exclusion;
    this.hidden = hidden;
  }

  @Override
  public Exclusion again() {
    return new SealedExclusion(exclusion.again(), hidden);
  }

  @Override
  public <T> T publishing(Action<T> action) {
    return exclusion.publishing(action);
  }

  @Override
  public <T> T indexing(Action<T> action) {
    return exclusion.indexing(action);
  }

  @Override
  public <T> T relying(Action<T> action) {
    return exclusion.relying(action);
  }

  @Override
  public <T> T compacting(Action<T> action) {
    return exclusion.compacting(action);
  }

  @Override
  public boolean reachesOthers() {
    return exclusion.reachesOthers();
  }

  @Override
  public boolean keepsEverybodyAway() {
    return exclusion.keepsEverybodyAway();
  }

  @Override
  public boolean unlessCompacting(Action<?> action) {
    return exclusion.unlessCompacting(action);
  }

  @Override
  public Closeable using(String what) {
    return exclusion.using(hidden.apply(what));
  }

  @Override
  public boolean unlessUsed(String what, Action<?> action) {
    return exclusion.unlessUsed(hidden.apply(what), action);
  }

  @Override
  public <T> T alone(Action<T> action) {
    return exclusion.alone(action);
  }

  @Override
  public void close() {
    exclusion.close();
  }
}
