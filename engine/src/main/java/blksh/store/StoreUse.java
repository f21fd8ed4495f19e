package blksh.store;

import java.util.List;

/**
 * How the captured versions use the stored pages, in the order the packs were made.
 *
 * @param pages numbers in all packs
 * @param pageSize bytes of each
 * @param step of how many pages one was looked at; the shares count those, so multiply
 * @param shares one for each of equal parts of all pages
 */
public record StoreUse(long pages, int pageSize, long step, List<Share> shares) {

  /**
   * One part.
   *
   * @param unused pages no version needs
   * @param once pages one place of one version needs
   * @param shared pages needed more than once
   */
  public record Share(long unused, long once, long shared) {}

  /**
   * What of the stored pages one version needs.
   *
   * @param own bytes, as they are before compression, that no other version needs
   * @param shared bytes that others need too
   */
  public record Version(long own, long shared) {}
}
