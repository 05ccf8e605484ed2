#!/usr/bin/env bash
# Proves that the tests and the expectations of scenarios can fail: breaks one rule at a time, as the files beside this
# one say, and demands that what they name notices. It works in a copy of the tree; the tree itself stays as it is.
# Not part of ./dev test: every mutant costs a compilation and a few links.
#
#   tests/mutants/run.sh [AREA | TEXT]     the mutants of AREA.txt, or those whose name has TEXT in it; default: all
#
# Exit code: 0 when every mutant was seen by all that should see it, 1 when one was not, 2 for bad input.
set -euo pipefail
ulimit -v 6000000 # a broken loop that eats memory is stopped, and seen

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
tree=$root/build/mutants
wanted=${1:-}
export LC_ALL=C.UTF-8

bad() { printf '%s\n' "$*" >&2; exit 2; }

# The tree as git knows it, with what is not committed yet. A file that did not change keeps its time, so the build goes on.
copy_tree() {
  local file
  mkdir -p "$tree"
  cd "$root"
  while IFS= read -r -d '' file; do
    if [[ -f $file ]] && ! cmp -s "$file" "$tree/$file"; then cp --parents "$file" "$tree/"; fi
  done < <(git ls-files -z --cached --others --exclude-standard)
  cd "$tree"
  while IFS= read -r -d '' file; do
    [[ -e $root/$file ]] || rm "$file"
  done < <(find . -path ./build -prune -o -type f -print0)
}

# build TARGET…: quietly; false when the compiler refuses.
build() { cmake --build build/test --parallel "$(nproc)" --target "$@" >build/mutant.log 2>&1; }

# What a witness needs to be built: the program for a scenario, the room's test for `test ROOM`.
target_of() {
  if [[ $1 == 'test '* ]]; then local room=${1#test }; echo "test_${room//\//_}"; else echo wavetank; fi
}

# sees WITNESS: true when the witness fails, as it should.
sees() {
  local code=0
  if [[ $1 == 'test '* ]]; then
    ctest --test-dir build/test -R "^${1#test }\$" --no-tests=error --timeout 600 >build/mutant.log 2>&1 || code=$?
    ((code == 8)) # ctest: some tests failed
  else
    [[ -f $1 ]] || bad "no such scenario: $1"
    timeout 300 build/test/bin/wavetank run "$1" -o build/mutant.wt --force >build/mutant.log 2>&1 || code=$?
    ((code == 1)) # wavetank: an expectation failed; a crash or a refusal is no proof
  fi
}

total=0 caught=0
survivors=()

# Breaks one rule, asks its witnesses, and puts the file back.
try_mutant() {
  local where=$1 name=$2 file=$3 from=$4 to=$5; shift 5
  local text witness targets=() verdict=caught
  [[ -n $file && -n $from && $# -gt 0 ]] || bad "$where: '$name' needs the lines file, from, to and seen"
  [[ -f $file ]] || bad "$where: '$name': no such file: $file"
  total=$((total + 1))
  text=$(cat "$file"; printf x) text=${text%x}
  [[ $text == *"$from"* && ${text#*"$from"} != *"$from"* ]] || bad "$where: '$name': stands not exactly once in $file: $from"

  cp -p "$file" build/original
  printf '%s' "${text%%"$from"*}$to${text#*"$from"}" >"$file"
  for witness in "$@"; do targets+=("$(target_of "$witness")"); done
  if build "${targets[@]}"; then
    for witness in "$@"; do
      sees "$witness" || { verdict="SURVIVED $witness"; survivors+=("$name: not seen by $witness ($where)"); }
    done
  else
    tail -n 15 build/mutant.log >&2
    verdict='DOES NOT BUILD'
    survivors+=("$name: does not build ($where)")
  fi
  cp build/original "$file" # with a new time, so that it is built again
  [[ $verdict != caught ]] || caught=$((caught + 1))
  printf '%3d  %-8s %s\n' "$total" "$verdict" "$name"
}

# Reads one file of mutants: blocks of lines `key value`, parted by empty lines.
read_mutants() {
  local path=$1 area line key value n=0 start=0
  local name='' file='' from='' to='' seen=()
  area=$(basename "$path" .txt)
  while IFS= read -r line || [[ -n $line ]]; do
    n=$((n + 1))
    [[ $line != '#'* ]] || continue
    key=${line%% *} value=${line#"$key"} value=${value#"${value%%[! ]*}"}
    case $key in
      mutant) name=$value start=$n ;;
      file) file=$value ;;
      from) from=$value ;;
      to) to=$value ;;
      seen) seen+=("$value") ;;
      '') ;;
      *) bad "$path:$n: '$key' is none of: mutant, file, from, to, seen" ;;
    esac
    if [[ -z $key ]]; then flush; fi
  done < <(cat "$path"; echo)
}

flush() {
  [[ -n $name ]] || return 0
  if [[ -z $wanted || $area == "$wanted" || $name == *"$wanted"* ]]; then
    try_mutant "$path:$start" "$name" "$file" "$from" "$to" "${seen[@]}"
  fi
  name='' file='' from='' to='' seen=()
}

copy_tree
cmake --preset test >/dev/null
echo 'Building the tree as it is'
cmake --build build/test --parallel "$(nproc)" >/dev/null
for path in tests/mutants/*.txt; do read_mutants "$path"; done
((total > 0)) || bad "no mutant is called '$wanted'; areas: $(cd tests/mutants && echo *.txt | sed 's/\.txt//g')"

printf '\n%d of %d mutants were noticed by all that should notice them\n' "$caught" "$total"
((${#survivors[@]} == 0)) || { printf '  %s\n' "${survivors[@]}"; exit 1; }
