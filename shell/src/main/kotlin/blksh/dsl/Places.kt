package blksh.dsl

import java.nio.file.Path

/**
 * Where something is: a directory, a file or a drive of this machine, or what is beyond it and
 * begins with `s3://`, `ssh://` or `nbd://`.
 */
typealias Place = blksh.Place

/** The file or drive that a word names to be written to. */
internal fun target(to: String): Path = Place.parse(to).path("write", "files and drives")
