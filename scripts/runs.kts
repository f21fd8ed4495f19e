// Lists what blksh did so far, newest first.
val last by option<Int>("--last", "N", "how many", 20)

runs.take(last)
