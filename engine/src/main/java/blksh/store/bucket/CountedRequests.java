package blksh.store.bucket;

/** Requests, of which those are counted apart that servers take more money for. */
final class CountedRequests implements BucketRequests {

  private final BucketRequests requests;
  private final BucketTraffic traffic;

  CountedRequests(BucketRequests requests, BucketTraffic traffic) {
    this.requests = requests;
    this.traffic = traffic;
  }

  @Override
  public String server() {
    return requests.server();
  }

  @Override
  public void put(String key, Content content, boolean absent, String write) throws BucketFailure {
    traffic.dear();
    requests.put(key, content, absent, write);
  }

  @Override
  public Found head(String key) throws BucketFailure {
    return requests.head(key);
  }

  @Override
  public Range read(String key, long from, int length) throws BucketFailure {
    return requests.read(key, from, length);
  }

  @Override
  public Range readEnd(String key, int length) throws BucketFailure {
    return requests.readEnd(key, length);
  }

  @Override
  public Page list(String prefix, String from, int most) throws BucketFailure {
    traffic.dear();
    return requests.list(prefix, from, most);
  }

  @Override
  public void delete(String key) throws BucketFailure {
    requests.delete(key);
  }

  @Override
  public void copy(String key, String to) throws BucketFailure {
    traffic.dear();
    requests.copy(key, to);
  }

  @Override
  public void close() {
    requests.close();
  }
}
