package blksh.store;

import blksh.block.Extent;
import java.util.List;

/**
 * How two captured images differ.
 *
 * @param from the one
 * @param to the other
 * @param sameBytes bytes at the same place that are known to be the same
 * @param changedBytes bytes that differ, to the page, or exist in one only
 * @param ranges how many ranges differ
 * @param changed the ranges, the first 10,000; kind is what {@code to} has there
 */
public record ManifestDiff(
    Manifest from,
    Manifest to,
    long sameBytes,
    long changedBytes,
    long ranges,
    List<Extent> changed) {}
