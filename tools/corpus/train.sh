#!/bin/bash
# Trains the miniature: language model, vision encoder, first stage, second stage. Run it again to go on after a stop.
#
#   tools/corpus/train.sh CORPUS TOKENIZERS MINILM OUT
#
# BLIP2 is the command (bin/blip2 by default), THREADS its threads (1). Every part resumes from its last checkpoint.
set -e
corpus=$1 tokenizers=$2 minilm=$3 out=$4
here=$(cd "$(dirname "$0")" && pwd)
blip2=${BLIP2:-$here/../../bin/blip2}
threads=${THREADS:-1}
seed=${SEED:-42}
mkdir -p "$out"

# part NAME COMMAND...: runs a training once, resumed if it has begun
part() {
  local name=$1
  shift
  [ -e "$out/$name.done" ] && return
  local resume=
  ls "$out/$name"/step-*.safetensors > /dev/null 2>&1 && resume=--resume
  echo "$(date -u +%FT%TZ) $name $resume" >> "$out/chain.log"
  "$blip2" "$@" --out "$out/$name" --threads "$threads" --seed "$seed" --schedule stepwise --log-every 20 \
    --checkpoint-every 200 $resume
  touch "$out/$name.done"
  echo "$(date -u +%FT%TZ) $name done" >> "$out/chain.log"
}

# drawn KIND NAME OPTIONS...: a part with random weights
drawn() {
  local kind=$1 name=$2
  shift 2
  [ -e "$out/$name/config.json" ] || "$blip2" create "$kind" "$out/$name" --seed "$seed" "$@"
}

drawn language language-drawn --config "$here/sizes/language.json" --tokenizer "$tokenizers/language"
drawn vision vision-drawn --config "$here/sizes/tower.json"
drawn bert bert-drawn --config "$here/sizes/bert.json" --tokenizer "$tokenizers/bert"

part language train language --model "$out/language-drawn" --data "$corpus/pages.jsonl" --batch-size 64 \
  --epochs 1 --lr 1e-3 --min-lr 1e-5 --warmup-steps 200 --weight-decay 0.01
part vision train vision --model "$out/vision-drawn" --sentences "$minilm" --data "$corpus/train.json" \
  --images "$corpus" --batch-size 64 --epochs 4 --lr 1e-3 --min-lr 1e-5 --warmup-steps 100

# What the frozen vision encoder sees of every scene, so that the first stage need not compute it again.
if [ ! -e "$out/patches.safetensors" ]; then
  "$blip2" embed --model "$out/vision/vision" --kind patches --data "$corpus/train.json" --images "$corpus" \
    --threads "$threads" --out "$out/patches.safetensors"
fi

part stage1 train stage1 --vision "$out/vision/vision" --bert "$out/bert-drawn" --data "$corpus/train.json" \
  --images "$corpus" --features "$out/patches.safetensors" --batch-size 64 --epochs 8 --lr 5e-4 --min-lr 1e-5 \
  --warmup-steps 200 --queries 16 --export blip2j
part stage2 train stage2 --stage1 "$out/stage1/blip2j" --language "$out/language/language" \
  --captions "$corpus/train.json,$corpus/train_questions.json" --images "$corpus" --batch-size 64 --epochs 2 \
  --lr 5e-4 --min-lr 1e-5 --warmup-steps 300 --export hf
