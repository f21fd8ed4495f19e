package blksh.dsl;

import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.FaultySource;
import blksh.view.Field;
import blksh.view.Size;
import java.util.ArrayList;
import java.util.List;

/** A source some of whose bytes cannot be read. */
final class Medium extends Source {

  private final byte[] content;
  private final List<long[]> faults = new ArrayList<>();

  Medium(Sitting sitting, byte[] content) {
    super(sitting.session);
    this.content = content;
  }

  Medium unreadable(long start, long length) {
    faults.add(new long[] {start, length});
    return this;
  }

  @Override
  public String getName() {
    return "medium";
  }

  @Override
  public Size getSize() {
    return new Size(content.length);
  }

  @Override
  public BlockSource open() {
    FaultySource source = new FaultySource(new ByteArraySource("medium", content));
    faults.forEach(fault -> source.unreadable(fault[0], fault[1]));
    return source;
  }

  @Override
  public String title() {
    return "medium";
  }

  @Override
  public List<Field> fields() {
    return List.of(Field.of("size", getSize()));
  }
}
