#!/bin/bash
# Builds blksh and runs every test, then says what passed, failed and was skipped, and why.
# As root on Debian it first installs the programs the tests use; elsewhere the tests that need a
# missing one are skipped and named at the end, and with CI set they fail. Exit status 0 only when
# everything that ran passed.
#
#   ./verify.sh                 every test, in its short form
#   ./verify.sh --long          soaks, replays and fuzzing at length, some hours
#   ./verify.sh -o -pl engine   other arguments go to Maven
set -uo pipefail

# Signals as a terminal leaves them, for this and all it starts: what nohup, a script's & or a CI agent
# set to be ignored would never reach a Java, and tests that send one would wait for ever. Only a hangup
# stays ignored where it was.
if [ -z "${BLKSH_DEFAULT_SIGNALS-}" ]; then
  export BLKSH_DEFAULT_SIGNALS=yes
  hangup=$(trap -p HUP)
  if env --default-signal=INT true 2>/dev/null; then
    exec env --default-signal ${hangup:+--ignore-signal=HUP} bash "$0" "$@"
  elif command -v perl >/dev/null; then
    exec perl -e '$SIG{$_} = "DEFAULT" for qw(INT QUIT TERM PIPE); exec @ARGV' -- bash "$0" "$@"
  fi
  echo "verify: neither env --default-signal nor perl here: what is ignored stays ignored" >&2
fi
unset BLKSH_DEFAULT_SIGNALS

cd "$(dirname "$0")" || exit 1

# Tests name files that are not ASCII and call programs of the administrator: cron, su and an ordinary
# user's PATH provide for neither.
[ "$(locale charmap 2>&1)" = UTF-8 ] || export LC_ALL=C.UTF-8
export PATH=${PATH:-/usr/local/bin:/usr/bin:/bin}:/usr/sbin:/sbin
# What tests keep in their homes is theirs alone, or it would not be run.
umask 022
unset JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS

# Who may not write the build neither builds nor cleans it.
for place in . target engine/target shell/target; do
  if [ -e "$place" ] && ! [ -w "$place" ]; then
    echo "verify: you may not write $PWD/$place: copy the checkout to a place of yours, and run this there" >&2
    exit 1
  fi
done

long=()
if [ "${1-}" = --long ]; then
  shift
  long=(-Dblksh.long=true -Djunit.jupiter.execution.timeout.default=3h -Dsurefire.timeout=0)
fi

tools/install-peers.sh || echo "verify: going on without; tests that need these are skipped" >&2

# Maven runs on JAVA_HOME, else on the first java of PATH: make sure that is a JDK 17 or newer.
release() {
  local version
  version=$("$1" -version 2>/dev/null) || return
  version=${version#javac }
  echo "${version%%[.-]*}"
}
for javac in ${JAVA_HOME:+"$JAVA_HOME/bin/javac"} "$(command -v javac)" /usr/lib/jvm/*/bin/javac; do
  [ -x "$javac" ] && [[ $(release "$javac") =~ ^[0-9]+$ ]] && [ "$(release "$javac")" -ge 17 ] || continue
  JAVA_HOME=$(dirname "$(dirname "$(readlink -f "$javac")")")
  export JAVA_HOME
  break
done
if [ -z "${JAVA_HOME-}" ] || ! command -v mvn >/dev/null; then
  echo "verify: a JDK 17 or newer and Maven are needed: apt-get install openjdk-17-jdk-headless maven" >&2
  exit 1
fi

mkdir -p target
log=target/verify.log
started=$SECONDS
# Failures do not stop the run, so that one shows all; the reports below decide the outcome.
build() {
  rm -rf target/surefire-reports ./*/target/surefire-reports
  mvn -B -ntp -Dstyle.color=never -Dmaven.test.failure.ignore=true verify ${long[@]+"${long[@]}"} "$@" 2>&1 | tee "$log"
}
build "$@"
status=$?
if [ $status != 0 ] && grep -qE 'Could not (resolve|transfer)|Non-resolvable|Connection (reset|timed out)|Read timed out' "$log"; then
  echo "verify: a download failed, trying once more" >&2
  build "$@"
  status=$?
fi

echo
echo "== summary, after $((SECONDS - started)) s"
# Surefire's own totals, one line a module.
awk '/--- (maven-)?surefire.* @ / { for (i = 1; i < NF; i++) if ($i == "@") module = $(i + 1) }
  /Tests run: [0-9]+, Failures: [0-9]+, Errors: [0-9]+, Skipped: [0-9]+$/ { sub(/^\[[A-Z]+\] */, ""); print module ": " $0 }' "$log"
if [ $status = 0 ] && ! grep -q 'BUILD SUCCESS' "$log"; then status=1; fi
shopt -s nullglob
hung=(./*/target/surefire-reports/hung-*.txt)
[ ${#hung[@]} = 0 ] || echo "verify: a test hung; what every thread did then: ${hung[*]}"
"$JAVA_HOME/bin/java" tools/TestSummary.java ./*/target/surefire-reports >target/verify.summary
tests=$?
# With failures ignored a test process that died is only logged: any error line without a failed test counts.
if [ $tests = 0 ] && grep -q '^\[ERROR\]' "$log"; then
  echo "verify: Maven reported errors outside the tests:"
  grep '^\[ERROR\]' "$log" | head -5
  status=1
fi
[ $status = 0 ] || echo "verify: the build failed, see $log"
cat target/verify.summary
[ $status = 0 ] && [ $tests = 0 ]
