package blksh.store;

import blksh.store.pack.CodecChoice;
import java.nio.file.Path;
import java.time.Instant;

/**
 * A store in figures.
 *
 * @param path its directory
 * @param id what packs and manifests know it by
 * @param codec for new frames
 * @param names names captured
 * @param manifests captured versions
 * @param packs sealed packs
 * @param pages pages stored
 * @param storedBytes bytes of all files of the store
 * @param uniqueBytes bytes of the stored pages before compression
 * @param imageBytes sum of the sizes of all captured images
 * @param lastVerified when the pack verified longest ago was; null when one never was
 */
public record StoreInfo(
    Path path,
    String id,
    CodecChoice codec,
    int names,
    int manifests,
    long packs,
    long pages,
    long storedBytes,
    long uniqueBytes,
    long imageBytes,
    Instant lastVerified) {}
