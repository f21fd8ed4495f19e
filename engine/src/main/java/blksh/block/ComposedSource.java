package blksh.block;

import java.util.List;
import java.util.Optional;

/**
 * A source whose bytes are made of those of other sources, and lie elsewhere there: a logical
 * volume, an array of disks, what is encrypted. Whatever is true of one of those is true of it.
 */
public interface ComposedSource extends BlockSource {

  /** What it is made of, each once. */
  List<BlockSource> below();

  @Override
  default int sectorSize() {
    return below().stream().mapToInt(BlockSource::sectorSize).max().orElse(512);
  }

  @Override
  default int cuts() {
    return below().stream().mapToInt(BlockSource::cuts).sum();
  }

  @Override
  default Optional<String> twoInstants() {
    return below().stream().flatMap(each -> each.twoInstants().stream()).findFirst();
  }

  /** All of it, where anything of what it is made of is. */
  @Override
  default Optional<List<Extent>> written() {
    List<Optional<List<Extent>>> said = below().stream().map(BlockSource::written).toList();
    if (size() > 0 && said.stream().anyMatch(each -> each.isPresent() && !each.get().isEmpty())) {
      return Optional.of(List.of(new Extent(0, size(), Extent.Kind.DATA)));
    }
    return said.stream().allMatch(Optional::isPresent) ? Optional.of(List.of()) : Optional.empty();
  }
}
