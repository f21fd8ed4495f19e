package blksh.store.bucket;

import blksh.BlkshException;
import blksh.Place;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * A place in a bucket: {@code s3://BUCKET/PREFIX}, and how its server is reached, by words after a
 * question mark: {@code s3://BUCKET/PREFIX?endpoint=https://HOST:PORT&region=NAME}. What is not
 * said there is as this machine's environment has it.
 *
 * @param place as all write it
 * @param address how its bucket is reached
 * @param perSecond requests that are made in a second, at most
 */
public record BucketPlace(Place.Remote place, BucketAddress address, int perSecond) {

  private static final String ENDPOINT = "BLKSH_S3_ENDPOINT";
  private static final String REQUESTS = "BLKSH_S3_REQUESTS";
  private static final int USUAL_REQUESTS = 200;

  /** For how long a request is made again of which nothing is known. */
  private static final long LIMIT_NANOS = 120_000_000_000L;

  /** The words that may stand after a question mark. */
  public enum Word {
    /** The address of the server: {@code http://HOST:PORT} or {@code https://HOST}. */
    ENDPOINT,
    /** Of {@code ~/.aws}: whose credentials are used. */
    PROFILE,
    /** As the server calls where the bucket is. */
    REGION,
    /** {@code path} or {@code host}: where the bucket stands in a request. */
    STYLE;

    private final String word = name().toLowerCase(Locale.ROOT);

    @Override
    public String toString() {
      return word;
    }
  }

  /** With a server of whom no more is said. */
  public BucketPlace(Place.Remote place, URI endpoint, int perSecond) {
    this(plain(place), new BucketAddress(place.authority(), endpoint), perSecond);
  }

  /**
   * @param environment {@code BLKSH_S3_ENDPOINT}, the server's address where the place names none,
   *     and {@code BLKSH_S3_REQUESTS}, how many requests may be made in a second
   * @throws IOException when what it says cannot be
   * @throws BlkshException when the place is none
   */
  public static BucketPlace of(Place.Remote place, Map<String, String> environment)
      throws IOException {
    Map<Word, String> words = words(place);
    String usual = environment.getOrDefault(ENDPOINT, "");
    String named = words.get(Word.ENDPOINT);
    URI endpoint = named != null ? server(named) : usual.isEmpty() ? null : server(usual);
    if (endpoint == null && !usual.isEmpty()) {
      throw new IOException(ENDPOINT + " is no address of a server: write http://HOST:PORT");
    }
    String style = words.get(Word.STYLE);
    return new BucketPlace(
        plain(place),
        new BucketAddress(
            place.authority(),
            endpoint,
            words.get(Word.REGION),
            words.get(Word.PROFILE),
            style == null ? null : (Boolean) style.equals("path")),
        requests(environment.getOrDefault(REQUESTS, "")));
  }

  /** The address of a server; null when it is none. A password in one is shown, so it is none. */
  private static URI server(String text) {
    try {
      URI uri = new URI(text);
      return uri.getHost() == null || uri.getUserInfo() != null || !isHttp(uri.getScheme())
          ? null
          : uri;
    } catch (URISyntaxException e) {
      return null;
    }
  }

  private static boolean isHttp(String scheme) {
    return "http".equalsIgnoreCase(scheme) || "https".equalsIgnoreCase(scheme);
  }

  private static int requests(String text) throws IOException {
    try {
      int found = text.isEmpty() ? USUAL_REQUESTS : Integer.parseInt(text);
      if (found >= 1) {
        return found;
      }
    } catch (NumberFormatException e) {
      // as below
    }
    throw new IOException(REQUESTS + " is no number of requests in a second: " + text);
  }

  /** The prefix of the keys of all blobs. */
  public String prefix() {
    String path = bare(place).path();
    return path.isEmpty() ? path : path.substring(1) + "/";
  }

  /**
   * The one way to write a place, of those that mean one prefix at one server.
   *
   * @throws BlkshException when there are words after it that say nothing
   */
  public static Place.Remote plain(Place.Remote place) {
    Place.Remote bare = bare(place);
    StringBuilder words = new StringBuilder();
    words(place)
        .forEach(
            (word, value) ->
                words.append(words.isEmpty() ? '?' : '&').append(word).append('=').append(value));
    return new Place.Remote(bare.scheme(), bare.authority(), bare.path() + words);
  }

  /**
   * A place with words that say how it is reached.
   *
   * @param words those that are null or empty say nothing
   * @throws BlkshException as {@link #plain}
   */
  public static Place.Remote with(Place.Remote place, Map<Word, String> words) {
    StringBuilder text = new StringBuilder(place.path());
    words.forEach(
        (word, value) -> {
          if (value != null && !value.isEmpty()) {
            text.append(text.indexOf("?") < 0 ? '?' : '&').append(word).append('=').append(value);
          }
        });
    return plain(new Place.Remote(place.scheme(), place.authority(), text.toString()));
  }

  /** Whether a place says by which server it is reached. */
  public static boolean namesServer(Place.Remote place) {
    return words(place).containsKey(Word.ENDPOINT);
  }

  /** The place without how it is reached. */
  private static Place.Remote bare(Place.Remote place) {
    String full = place.path();
    int mark = full.indexOf('?');
    String path = mark < 0 ? full : full.substring(0, mark);
    String plain = path.replaceFirst("^/+", "").replaceFirst("/+$", "");
    return new Place.Remote(place.scheme(), place.authority(), plain.isEmpty() ? "" : "/" + plain);
  }

  private static Map<Word, String> words(Place.Remote place) {
    Map<Word, String> found = new TreeMap<>();
    int mark = place.path().indexOf('?');
    if (mark < 0) {
      return found;
    }
    for (String each : place.path().substring(mark + 1).split("&", -1)) {
      int equals = each.indexOf('=');
      Word word = equals < 0 ? null : word(each.substring(0, equals));
      String value = each.substring(equals + 1);
      // What it says is not repeated: a password may be in it.
      if (word == null || value.isEmpty() || found.put(word, value) != null) {
        throw wrong(place, "after the question mark stand endpoint=, profile=, region=, style=");
      }
      if (word == Word.ENDPOINT && server(value) == null) {
        throw wrong(place, "its endpoint is no address of a server: write http://HOST:PORT");
      }
      if (word == Word.STYLE && !value.equals("path") && !value.equals("host")) {
        throw wrong(place, "its style is neither path nor host");
      }
    }
    return found;
  }

  private static Word word(String name) {
    for (Word word : Word.values()) {
      if (word.word.equals(name)) {
        return word;
      }
    }
    return null;
  }

  private static BlkshException wrong(Place.Remote place, String problem) {
    return new BlkshException("take " + bare(place) + "?… for a place", problem);
  }

  /**
   * The shelf there. Nothing is asked of the server yet.
   *
   * @throws IOException when the libraries that speak to it are not there
   */
  public BucketShelf shelf() throws IOException {
    return shelf(LIMIT_NANOS);
  }

  /**
   * As above.
   *
   * @param limitNanos for how long a request is made again of which nothing is known
   */
  public BucketShelf shelf(long limitNanos) throws IOException {
    BucketRequests requests = BucketLibrary.requests(address);
    return new BucketShelf(bare(place).toString(), prefix(), requests, perSecond, limitNanos);
  }
}
