#!/bin/bash
# Trains and scores the variants that the claims of the paper are held against, three seeds each, after train.sh.
#
#   tools/corpus/ablations.sh CORPUS RUN MINILM_CUT OUT
#
# RUN is what train.sh wrote; its vision encoder and language model serve all variants. MINILM_CUT has MiniLM's first two layers
# over the miniature's words. Run it again to go on after a stop. BLIP2 and THREADS as in train.sh; SEEDS ("1 2 3") are those to run,
# one after the other. FIRST_UPDATES (600) are the updates of 32 of first stages, half of them for minilm, scratch and queries;
# SECOND_UPDATES (1000) those of 64 of every second one.
set -e
corpus=$1 run=$2 cut=$3 out=$4
here=$(cd "$(dirname "$0")" && pwd)
blip2=${BLIP2:-$here/../../bin/blip2}
threads=${THREADS:-1}
first_updates=${FIRST_UPDATES:-600}
second_updates=${SECOND_UPDATES:-1000}

# part FOLDER COMMAND...: runs a training once, resumed if it has begun
part() {
  local folder=$1
  shift
  [ -e "$folder.done" ] && return
  local resume=
  ls "$folder"/step-*.safetensors > /dev/null 2>&1 && resume=--resume
  "$blip2" "$@" --out "$folder" --threads "$threads" --seed "$seed" --schedule stepwise --log-every 20 \
    --checkpoint-every 350 $resume
  rm -f "$folder"/step-*.safetensors
  touch "$folder.done"
}

# first NAME UPDATES OPTIONS...: a first stage and its retrieval
first() {
  local name=$1 updates=$2
  shift 2
  local folder=$out/$name-$seed
  part "$folder" train stage1 --vision "$run/vision/vision" --data "$corpus/train.json" --images "$corpus" \
    --features "$run/patches.safetensors" --batch-size 32 --epochs 1 --max-steps "$updates" --export blip2j "$@"
  for split in validation drawings; do
    score "$folder-$split-contrast" retrieval --model "$folder/blip2j" --images "$corpus" --k 0 "$corpus/${split}_one.json"
    score "$folder-$split-retrieval" retrieval --model "$folder/blip2j" --images "$corpus" --k 16 "$corpus/${split}_one.json"
  done
}

# second NAME FIRST: a second stage after a first one, its captions and answers
second() {
  local folder=$out/$1-$seed
  part "$folder" train stage2 --stage1 "$2/blip2j" --language "$run/language/language" \
    --captions "$corpus/train.json,$corpus/train_questions.json" --images "$corpus" --batch-size 64 --epochs 1 \
    --max-steps "$second_updates" --lr 5e-4 --min-lr 1e-5 --warmup-steps 100 --export hf
  for split in validation drawings; do
    score "$folder-$split-caption" caption --model "$folder/hf" --images "$corpus" "$corpus/$split.json"
    score "$folder-$split-vqa" vqa --model "$folder/hf" --images "$corpus" "$corpus/${split}_questions.json"
  done
}

# score FILE COMMAND...: runs an evaluation once
score() {
  local file=$1.json
  shift
  [ -s "$file" ] && return
  "$blip2" evaluate "$@" --threads "$threads" --json > "$file.part"
  mv "$file.part" "$file"
}

mkdir -p "$out"
seeds=${SEEDS:-1 2 3}
learn=(--lr 5e-4 --min-lr 1e-5 --warmup-steps 100)
drawn=(--bert "$run/bert-drawn" "${learn[@]}")

# Claim after claim, so that each is decided with all its seeds before the next begins.
for seed in $seeds; do # the second stage needs the first
  second second-chain "$run/stage1"
  first untrained 1 --bert "$run/bert-drawn" --queries 16 --lr 1e-12 --min-lr 0 --warmup-steps 0
  second second-nothing "$out/untrained-$seed"
done
for seed in $seeds; do # three losses are better than two
  first full "$first_updates" "${drawn[@]}" --queries 16
  first no-itg "$first_updates" "${drawn[@]}" --queries 16 --itg-weight 0
  first no-itm "$first_updates" "${drawn[@]}" --queries 16 --itm-weight 0
done
for seed in $seeds; do # more queries help
  for queries in 8 16 32; do
    first "queries-$queries" "$((first_updates / 2))" "${drawn[@]}" --queries "$queries"
  done
done
for seed in $seeds; do # a pretrained BERT learns faster; scratch has MiniLM's sizes and drawn weights
  first minilm "$((first_updates / 2))" --bert "$cut" "${learn[@]}" --queries 16
  first scratch "$((first_updates / 2))" --bert "$cut" --from-scratch "${learn[@]}" --queries 16
done
