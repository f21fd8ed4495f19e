package blksh.drive.ssh;

/**
 * What a POSIX shell is told to read a drive by dd(1). Each script opens the drive once, prints in
 * one line what that drive is known by, and reads from what is open: another drive that took the
 * path meanwhile has another line. Only what a busybox has too is used.
 */
final class DdScript {

  /** What is printed in place of that line. */
  static final String MISSING = "m";

  static final String NO_DRIVE = "n";
  static final String NOT_READABLE = "r";

  /** Opens it as descriptor 3, and prints the line: the kernel's marks first. */
  private static final String OPEN =
      """
      set -f
      if test -b "$p";then k=b;elif test -f "$p";then k=f;elif test -e "$p";then echo n;exit 0;else echo m;exit 0;fi
      test -r "$p"||{ echo r;exit 0;}
      d=/proc/self/fd/0;test -e $d||d=/dev/fd/0
      t(){ x=;test -r "$1"&&read -r x <"$1" 2>/dev/null;i="$i|$x";}
      O(){
      exec 3<"$p"||exit 8
      i=$k;t /proc/sys/kernel/random/boot_id
      if test $k = b;then
      set -- $(stat -Lc '%t %T' $d <&3 2>/dev/null)
      if test $# = 2;then s=$((0x$1)):$((0x$2));else set -- $(ls -lnL $d <&3);s=${5%,}:$6;fi
      i="$i|$s";s=/sys/dev/block/$s
      i="$i|$(stat -Lc %i $s/ 2>/dev/null)"
      for n in diskseq removable;do t $s/$n;t $s/../$n;done
      for b in $s $s/..;do for n in device/model device/serial serial device/wwid wwid;do t $b/$n;done;done
      for n in start size dm/uuid md/uuid loop/backing_file;do t $s/$n;done
      else
      i="$i|$(stat -Lc '%d %i' $d <&3 2>/dev/null)"
      w=$(stat -Lc %w $d <&3 2>/dev/null);case $w in [0-9]*);;*)w=$(stat -Lc %z $d <&3 2>/dev/null);;esac
      i="$i|$w"
      fi
      }
      O
      f=$i
      printf '%s\\n' "$i"
      """;

  private static final String SIZE =
      """
      case $k in
      b)echo $(blockdev --getsize64 $d <&3) $(blockdev --getss $d <&3);;
      *)echo $(stat -Lc %s $d <&3 2>/dev/null||wc -c <&3) 512;;
      esac
      """;

  /**
   * What cannot be read as it comes. A block by its sectors, each followed by what became of it: +
   * it is read, - it cannot be, e it ends here; zeros in place of what was not read. After a block
   * that is good altogether the next is tried as a whole, and followed by one of these too: by its
   * sectors after -. After some good ones in a row it is followed by *, and all the rest comes as
   * it is. Where dd is to read is looked up before and after: what it read in part moves it as
   * well. The page cache reads more than a sector, and fails with it, so a drive is tried without.
   *
   * <p>After a block of which nothing can be read, where there is GNU's dd (uutils' takes an error
   * for the end), = comes in place of the last -: a single dd tries the sectors of the next block,
   * which costs a hundredth of the time. After its bytes follow lines: where dd ended, what it
   * said, and a point; or = once more when nothing of this block could be read either.
   */
  private static final String SALVAGE =
      """
      B=%d;Z=%d;S=%d;N=%d;G=%d
      exec 4>&1
      D=0;case "$(dd --version 2>/dev/null)" in "dd (coreutils) "*|*"(GNU coreutils) "*)D=1;;esac
      o=;test $k = b&&o=iflag=direct
      no(){ printf '%%s\\n' "$1" >&2;exit 9;}
      v(){ read -r x y </proc/self/fdinfo/3||no "it does not say where it reads";}
      A(){ O;test "$i" = "$f"||no "there is another drive now";}
      to(){
      v;if test $y -gt $1;then A;y=0;fi
      test $y = $1||dd bs=1 skip=$(($1-y)) count=0 <&3 2>/dev/null
      v;test $y = $1
      }
      z(){ dd bs=$1 count=1 </dev/zero 2>/dev/null;}
      c(){
      q=e
      if to $2;then :;else z $1;return;fi
      m=$(dd bs=$1 count=1 conv=sync $4 <&3 2>&1 >&4);s=$?
      v
      case $s:$m in
      0:*"0+0 records in"*)z $1;;
      0:*)q=+;test $y = $3||q=-;;
      *"nput/output error"*|*"I/O error"*)q=-;z $1;;
      *)q=?;;
      esac
      }
      all(){
      if to $1;then m=$(dd bs=$S count=$((B/S)) conv=noerror,sync $o <&3 2>&1 >&4);v;else m=;y=$1;fi
      test $y -ge $2||z $(($2-y))
      printf '%%s\\n%%s\\n' $y "$m"
      I=$IFS
      IFS='
      '
      for x in $m;do case $x in 0+*" records in");;*" records in")u=0;;esac;done
      IFS=$I
      test $(($2+B)) -le $Z||u=0
      test $u = 0&&printf '.\\n'||printf '=\\n'
      test $y -ge $2||exit 0
      }
      W=1;g=0;u=0
      while test $((N*B)) -lt $Z;do
      a=$((N*B));l=$((a+B))
      if test $u$W = 00&&test $l -le $Z;then
      c $B $a $l
      case $q in
      +)N=$((N+1));g=$((g+1))
      if test $g -ge $G;then A;if to $l;then printf '*';exec dd bs=$B <&3;fi;fi
      printf +;continue;;
      e)printf e;exit 0;;
      -)printf %%s -;;
      *)no "$m";;
      esac
      fi
      W=0;g=0
      if test $u = 1;then
      all $a $l
      N=$((N+1));continue
      fi
      test $l -le $Z||l=$Z
      h=0
      while test $a -lt $l;do
      E=$((a+S));test $E -le $l||E=$l
      c $S $a $E $o
      if test "$q" = '?';then o=;A;c $S $a $E;fi
      case $q in e)printf e;exit 0;;-)W=1;;+)h=1;;*)no "$m";;esac
      a=$E
      if test $D$h$q = 10-&&test $a = $l&&test $((l+B)) -le $Z;then u=1;q==;fi
      printf %%s $q
      done
      N=$((N+1))
      done
      exit 0
      """;

  private final String path;

  /**
   * @param path any bytes but zeros
   */
  DdScript(byte[] path) {
    // As octal numbers nothing of a path is anything but a byte; the x keeps line ends at its end.
    StringBuilder text = new StringBuilder("p=$(printf %b '");
    for (byte each : path) {
      text.append("\\0").append(Integer.toOctalString(each & 0xff));
    }
    this.path = text + "x');p=${p%x}\n";
  }

  /** Prints the line, and in another the size and the sector size in bytes. */
  String look() {
    return path + OPEN + SIZE;
  }

  /** Prints the line, and all from a block on. */
  String from(int block, long number) {
    return path + OPEN + "exec dd bs=%d skip=%d <&3\n".formatted(block, number);
  }

  /**
   * Prints the line, and all from a block on, as far as it can be read.
   *
   * @param size of the drive in bytes
   * @param sector what is tried by itself, in bytes; divides the block
   * @param good blocks in a row after which the rest comes as it is
   */
  String salvage(int block, long size, int sector, long number, int good) {
    return path + OPEN + SALVAGE.formatted(block, size, sector, number, good);
  }

  /**
   * Whether what dd says tells of a medium that does not give the bytes (EIO), and nothing else.
   */
  static boolean isUnreadable(String said) {
    return said.contains("nput/output error") || said.contains("I/O error");
  }
}
