#!/bin/bash
# Scores a trained miniature on the splits: retrieval of the first stage, captions and answers of the second; beside them, captions
# and answers of somebody who does not look (chance.py).
#
#   tools/corpus/evaluate.sh CORPUS RUN
#
# Writes RUN/scores/SPLIT-KIND.json. What is there is not computed again.
set -e
corpus=$1 run=$2
here=$(cd "$(dirname "$0")" && pwd)
blip2=${BLIP2:-$here/../../bin/blip2}
threads=${THREADS:-1}
mkdir -p "$run/scores"
python3 "$here/chance.py" "$corpus" "$run/chance"

# score FILE COMMAND...: runs an evaluation once
score() {
  local file=$run/scores/$1.json
  shift
  [ -s "$file" ] && return
  "$blip2" evaluate "$@" --threads "$threads" --json > "$file.part"
  mv "$file.part" "$file"
}

for split in validation combinations drawings concepts photographs; do
  one=$corpus/${split}_one.json
  score "$split-contrast" retrieval --model "$run/stage1/blip2j" --images "$corpus" --k 0 "$one"
  score "$split-retrieval" retrieval --model "$run/stage1/blip2j" --images "$corpus" --k 16 "$one"
  [ $split = concepts ] && continue
  score "$split-caption" caption --model "$run/stage2/hf" --images "$corpus" "$corpus/$split.json"
  score "$split-chance-caption" caption --results "$run/chance/${split}_caption.json" "$corpus/$split.json"
  score "$split-chance-vqa" vqa --results "$run/chance/${split}_vqa.json" "$corpus/${split}_questions.json"
  score "$split-vqa" vqa --model "$run/stage2/hf" --images "$corpus" "$corpus/${split}_questions.json"
done
