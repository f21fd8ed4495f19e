package blksh.iso;

import blksh.iso.DiscTree.Kind;
import java.util.Arrays;

/** The entries of a tree as columns, in the order they came, and the contents they have. */
final class DiscNodes {

  private static final int BEGIN = 64;
  private static final Kind[] KINDS = Kind.values();

  private final NamePool names = new NamePool();
  private int size;
  private int[] parent = new int[BEGIN];
  private int[] name = new int[BEGIN];
  private byte[] kind = new byte[BEGIN];
  private short[] mode = new short[BEGIN];
  private int[] uid = new int[BEGIN];
  private int[] gid = new int[BEGIN];
  private long[] seconds = new long[BEGIN];
  private int[] nanos = new int[BEGIN];

  /** Of a file its content's number, of a link its target's name. */
  private int[] what = new int[BEGIN];

  private int contents;
  private long[] contentId = new long[BEGIN];
  private long[] contentSize = new long[BEGIN];
  private boolean[] contentLast = new boolean[BEGIN];

  /** For each entry the first in the order that is the same file; null while no file has two. */
  private int[] owner;

  /** For each entry that is such a first one, how many names the file has. */
  private int[] links;

  int add(int parent, byte[] name, Kind kind, DiscAttributes attributes, int what) {
    if (size == this.parent.length) {
      grow();
    }
    int node = size++;
    this.parent[node] = parent;
    this.name[node] = names.add(name);
    this.kind[node] = (byte) kind.ordinal();
    this.what[node] = what;
    set(node, attributes);
    return node;
  }

  void set(int node, DiscAttributes attributes) {
    mode[node] = (short) attributes.mode();
    uid[node] = attributes.uid();
    gid[node] = attributes.gid();
    seconds[node] = attributes.seconds();
    nanos[node] = attributes.nanos();
  }

  private void grow() {
    int length = size + size / 2;
    parent = Arrays.copyOf(parent, length);
    name = Arrays.copyOf(name, length);
    kind = Arrays.copyOf(kind, length);
    mode = Arrays.copyOf(mode, length);
    uid = Arrays.copyOf(uid, length);
    gid = Arrays.copyOf(gid, length);
    seconds = Arrays.copyOf(seconds, length);
    nanos = Arrays.copyOf(nanos, length);
    what = Arrays.copyOf(what, length);
  }

  int addContent(DiscContent content) {
    if (contents == contentId.length) {
      int length = contents + contents / 2;
      contentId = Arrays.copyOf(contentId, length);
      contentSize = Arrays.copyOf(contentSize, length);
      contentLast = Arrays.copyOf(contentLast, length);
    }
    contentId[contents] = content.id();
    contentSize[contents] = content.size();
    contentLast[contents] = content.last();
    return contents++;
  }

  int addTarget(byte[] target) {
    return names.add(target);
  }

  void share(int[] owner, int[] links) {
    this.owner = owner;
    this.links = links;
  }

  int size() {
    return size;
  }

  int parent(int node) {
    return parent[node];
  }

  byte[] name(int node) {
    return names.get(name[node]);
  }

  boolean isNamed(int node, byte[] bytes) {
    return names.is(name[node], bytes);
  }

  int compareNames(int one, int other) {
    return names.compare(name[one], name[other]);
  }

  Kind kind(int node) {
    return KINDS[kind[node]];
  }

  DiscAttributes attributes(int node) {
    return new DiscAttributes(mode[node], uid[node], gid[node], seconds[node], nanos[node]);
  }

  /** When it was modified last: a file, by its first name. */
  long seconds(int node) {
    return seconds[owner(node)];
  }

  byte[] target(int link) {
    return names.get(what[link]);
  }

  int content(int file) {
    return what[file];
  }

  int contents() {
    return contents;
  }

  DiscContent contentAt(int number) {
    return new DiscContent(contentId[number], contentSize[number], contentLast[number]);
  }

  long contentSize(int number) {
    return contentSize[number];
  }

  boolean isLast(int number) {
    return contentLast[number];
  }

  /** The entry whose attributes and place a file has: its own, or that of its first name. */
  int owner(int file) {
    return owner == null ? file : owner[file];
  }

  /** How many names a file has on the disc. */
  int links(int file) {
    return owner == null ? 1 : links[owner[file]];
  }
}
