package blksh.store;

import blksh.BlkshException;

/** What a version is a version of. */
public enum ManifestKind {
  /** A drive, a disk image, a stream: bytes that mean what whoever reads them knows. */
  IMAGE("image"),
  /** A snapshot of a file tree: the contents of files, and the table that tells of them. */
  TREE("tree");

  private final String word;

  ManifestKind(String word) {
    this.word = word;
  }

  /** The word for it in a description; a description without one is an image's. */
  public String word() {
    return word;
  }

  /**
   * That a version is of this kind: what means one thing is not used as the other.
   *
   * @param verb what is to be done with it, for people
   * @throws BlkshException when it is not
   */
  void require(Manifest manifest, String verb) {
    if (manifest.kind() != this) {
      String action = verb + " " + manifest.reference();
      throw this == IMAGE
          ? new BlkshException(action, "it is a snapshot of a file tree, not an image")
              .suggest("use it as one of snapshots(store(…))")
          : new BlkshException(action, "it is an image, not a snapshot of a file tree")
              .suggest("use it as a manifest of store(…)");
    }
  }

  /** The kind of a word, or null when nobody here knows it. */
  static ManifestKind of(String word) {
    for (ManifestKind kind : values()) {
      if (kind.word.equals(word)) {
        return kind;
      }
    }
    return null;
  }
}
