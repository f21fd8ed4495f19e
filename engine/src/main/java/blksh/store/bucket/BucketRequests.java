package blksh.store.bucket;

import java.io.Closeable;
import java.io.InputStream;
import java.util.List;

/**
 * The few requests that are asked of an object store, each made once: nothing is tried again
 * without the caller's knowing. Keys are those of the bucket, whole. May be used from any thread.
 */
public interface BucketRequests extends Closeable {

  /** What is to be put: read from its beginning each time it is sent. */
  interface Content {
    /** Bytes. */
    long size();

    /** The MD5 of all of it, 16 bytes. */
    byte[] md5();

    InputStream open();
  }

  /**
   * What there is of an object.
   *
   * @param size in bytes
   * @param tag the server's word for what it holds now
   * @param write which write put it, as {@link #put} was told; null when another program did
   * @param md5 of all of it, as {@link #put} was told, in hexadecimal; null when another program
   *     put it
   */
  record Found(long size, String tag, String write, String md5) {}

  /**
   * A range of an object as it came.
   *
   * @param found the object it is of
   * @param bytes as many as came, which may be fewer than the object has there
   */
  record Range(Found found, byte[] bytes) {}

  /** An object of a list. */
  record Listed(String key, long size) {}

  /**
   * Part of a list.
   *
   * @param next where the next begins; null for the last
   */
  record Page(List<Listed> objects, String next) {}

  /** The server, for people, and to tell it from others. No request is made for it. */
  String server();

  /**
   * Puts an object.
   *
   * @param absent whether only where there is none
   * @param write kept with it, to be found by {@link #head}
   * @throws BucketFailure TAKEN when there is one, and there must not be
   */
  void put(String key, Content content, boolean absent, String write) throws BucketFailure;

  /**
   * What there is of an object.
   *
   * @throws BucketFailure MISSING when there is none
   */
  Found head(String key) throws BucketFailure;

  /**
   * Reads a range.
   *
   * @param length bytes, 1 or more; the object may end before
   * @throws BucketFailure MISSING when there is none; PAST_END when it ends before them all;
   *     REFUSED when the server sends other bytes than were asked for
   */
  Range read(String key, long from, int length) throws BucketFailure;

  /**
   * Reads the end of an object.
   *
   * @param length bytes at most
   * @throws BucketFailure MISSING when there is none; PAST_END, or REFUSED, when it is empty;
   *     REFUSED when the server sends other bytes than were asked for
   */
  Range readEnd(String key, int length) throws BucketFailure;

  /**
   * Lists keys that begin with a prefix, in their order.
   *
   * @param from as the page before says; null for the first
   * @param most at most so many, up to 1000
   */
  Page list(String prefix, String from, int most) throws BucketFailure;

  /** Removes an object; one that is not there is no failure. */
  void delete(String key) throws BucketFailure;

  /**
   * Copies an object, over what is there, without its bytes coming here.
   *
   * @throws BucketFailure MISSING when there is none
   */
  void copy(String key, String to) throws BucketFailure;

  @Override
  void close();
}
