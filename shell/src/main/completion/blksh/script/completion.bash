# Completion of blksh for bash, made from what its verbs and scripts declare.

# What may follow in a context, a row each: word|what follows it|choices|help.
_blksh_rows() {
  case $1 in
@TABLE@
    *) rows=@ANY@ ;;
  esac
}

# What is known of a word in the context: sets follows and choices.
_blksh_look_up() {
  local line word
  follows= choices=
  while IFS='|' read -r word line; do
    [[ $word == "$1" ]] || continue
    follows=${line%%|*} line=${line#*|} choices=${line%%|*}
    return 0
  done <<<"$rows"
  return 1
}

_blksh_values() {
  case ${1,,} in
    f) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    d) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    k)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -X '!*.kts' -- "$cur"; compgen -d -- "$cur")
      ;;
    w) mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$cur") ;;
  esac
}

_blksh() {
  local cur=${COMP_WORDS[COMP_CWORD]} context= subject= rows follows choices expected= chosen= i word
  local name=${COMP_WORDS[0]##*/} scripts=' @NAMES@ ' words=() line
  COMPREPLY=()
  [[ $scripts != *" $name "* ]] || context="run $name"
  _blksh_rows "$context"
  # A word with = in it comes in three.
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ $word == -- && -n $context ]]; then
      # What follows is another command's, or no option.
      _blksh_values f
      return
    elif [[ $word == = ]]; then
      continue
    elif [[ $word == -* ]]; then
      expected= chosen=
      if _blksh_look_up "$word" && [[ $follows != [-c] ]]; then expected=$follows chosen=$choices; fi
    elif [[ -n $expected ]]; then
      [[ $expected == [FDWV] ]] || expected=
    elif [[ -n $subject ]]; then
      [[ $subject != help ]] || return
      context='run ?' subject=
      [[ $scripts != *" $word "* ]] || context="run $word"
      _blksh_rows "$context"
    elif [[ -z $context ]]; then
      case $word in
        run | help) subject=$word ;;
        install) context=install rows='|d||' ;;
        completion) context=completion rows='|w|@SHELLS@|' ;;
        */* | *.kts) context='run ?' && _blksh_rows "$context" ;;
        *) return ;;
      esac
    elif _blksh_look_up "$word" && [[ $follows == c ]]; then
      context="$context $word"
      _blksh_rows "$context"
    fi
  done
  [[ $cur != = ]] || cur=
  if [[ -n $subject ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$scripts" -- "$cur")
    if [[ $subject == run ]]; then
      words=("${COMPREPLY[@]}")
      _blksh_values k
      COMPREPLY+=("${words[@]}")
    fi
    return
  fi
  if [[ -n $expected && $cur != -* ]]; then
    choices=$chosen
    _blksh_values "$expected"
    return
  fi
  while IFS='|' read -r word line; do
    follows=${line%%|*}
    if [[ -z $word ]]; then
      line=${line#*|} choices=${line%%|*}
      [[ $cur == -* ]] || _blksh_values "$follows"
    elif [[ $word == "$cur"* && ($cur == -* || $follows == c) ]]; then
      words+=("$word")
    fi
  done <<<"$rows"
  if [[ -z $context ]]; then
    _blksh_values k
  elif [[ -z $cur && ${#words[@]} == 0 && ${#COMPREPLY[@]} == 0 && $rows != '|'* && $rows != *$'\n|'* ]]; then
    # Nothing but options can follow.
    while IFS='|' read -r word line; do words+=("$word"); done <<<"$rows"
  fi
  COMPREPLY+=("${words[@]}")
}

complete -F _blksh blksh diskdump blkcache vpartclone vntfsclone cacheback odarchive
