#!/bin/sh
# Downloads the packages of packages.tsv into a folder: fetch.sh FOLDER
# Needs apt-get of Debian 12 (bookworm) and npm. unpack.py checks the hashes.
set -e
mkdir -p "$1"
cd "$1"
apt-get download openclipart-png=1:0.18+dfsg-19 openclipart-svg=1:0.18+dfsg-19 unicode-cldr-core=41-0.1 \
  gcompris-qt-data=3.1-2 wordnet-base=1:3.0-37
npm pack --silent emoji-datasource-google@16.0.0 emoji-datasource-twitter@16.0.0 @lobehub/fluent-emoji-3d@1.1.0
