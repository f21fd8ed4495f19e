package blksh.tree;

import blksh.io.DirectoryHandle;
import blksh.io.EntryFile;
import blksh.io.ExtendedAttributes;
import blksh.io.FileStatus;
import blksh.io.FileType;
import blksh.io.IoFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What an entry has beside its contents. The times and numbers are those of {@link FileStatus}.
 *
 * @param special the device a device file stands for; 0 of anything else
 * @param attributes all of them, access control lists and capabilities too
 */
public record TreeMetadata(
    FileType type,
    int mode,
    int uid,
    int gid,
    long mtimeSeconds,
    int mtimeNanos,
    long special,
    ExtendedAttributes attributes) {

  /** Bits that let a program act as its owner or group. */
  private static final int SET_IDS = 06000;

  /** Those of an entry that was looked at. */
  public static TreeMetadata of(FileStatus status, ExtendedAttributes attributes) {
    return new TreeMetadata(
        status.type(),
        status.mode(),
        status.uid(),
        status.gid(),
        status.mtimeSeconds(),
        status.mtimeNanos(),
        status.special(),
        attributes);
  }

  /** What is set of a file, whichever way it is named. */
  private interface Target {
    void owner(int uid, int gid) throws IOException;

    void attribute(byte[] name, byte[] value) throws IOException;

    void mode(int mode) throws IOException;

    void time(long seconds, int nanos) throws IOException;
  }

  /**
   * Gives all of it to a file whose contents are written.
   *
   * @return what could not be given, a clause each
   */
  public List<String> giveTo(EntryFile file) throws IOException {
    return give(
        new Target() {
          @Override
          public void owner(int uid, int gid) throws IOException {
            file.setOwner(uid, gid);
          }

          @Override
          public void attribute(byte[] name, byte[] value) throws IOException {
            file.setAttribute(name, value);
          }

          @Override
          public void mode(int mode) throws IOException {
            file.setMode(mode);
          }

          @Override
          public void time(long seconds, int nanos) throws IOException {
            file.setTime(seconds, nanos);
          }
        });
  }

  /** As above, to a directory in which nothing will change any more. */
  public List<String> giveTo(DirectoryHandle directory) throws IOException {
    return give(
        new Target() {
          @Override
          public void owner(int uid, int gid) throws IOException {
            directory.setOwner(uid, gid);
          }

          @Override
          public void attribute(byte[] name, byte[] value) throws IOException {
            directory.setAttribute(name, value);
          }

          @Override
          public void mode(int mode) throws IOException {
            directory.setMode(mode);
          }

          @Override
          public void time(long seconds, int nanos) throws IOException {
            directory.setTime(seconds, nanos);
          }
        });
  }

  /** As above, to an entry that is neither opened nor followed: a link, a pipe, a device. */
  public List<String> giveTo(DirectoryHandle directory, byte[] name) throws IOException {
    return give(
        new Target() {
          @Override
          public void owner(int uid, int gid) throws IOException {
            directory.setOwner(name, uid, gid);
          }

          @Override
          public void attribute(byte[] attribute, byte[] value) throws IOException {
            directory.setAttribute(name, attribute, value);
          }

          @Override
          public void mode(int mode) throws IOException {
            if (type != FileType.LINK) {
              directory.setMode(name, mode);
            }
          }

          @Override
          public void time(long seconds, int nanos) throws IOException {
            directory.setTime(name, seconds, nanos);
          }
        });
  }

  /** The owner first: with it go set-id bits and capabilities. The time last. */
  private List<String> give(Target target) throws IOException {
    List<String> lost = new ArrayList<>();
    int allowed = mode;
    try {
      target.owner(uid, gid);
    } catch (IOException e) {
      allowed = mode & ~SET_IDS;
      lost.add(
          "it does not belong to user %s and group %s (%s)"
              .formatted(
                  Integer.toUnsignedString(uid),
                  Integer.toUnsignedString(gid),
                  IoFailure.reason(e)));
    }
    // Of a file that nobody may write to only root sets attributes of users; lists go with the
    // mode.
    give(target, true, lost);
    target.mode(allowed);
    give(target, false, lost);
    target.time(mtimeSeconds, mtimeNanos);
    return lost;
  }

  private void give(Target target, boolean ofUsers, List<String> lost) {
    for (ExtendedAttributes.Attribute each : attributes.all()) {
      String name = new String(each.name(), StandardCharsets.UTF_8);
      if (name.startsWith("user.") != ofUsers) {
        continue;
      }
      try {
        target.attribute(each.name(), each.value());
      } catch (IOException e) {
        lost.add("its attribute %s is lost (%s)".formatted(name, IoFailure.reason(e)));
      }
    }
  }
}
