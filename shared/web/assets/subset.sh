#!/bin/sh
# Makes the two fonts of the pages from Sarabun's own files: subset.sh Sarabun-Regular.ttf Sarabun-SemiBold.ttf
# Needs pyftsubset (fonttools with brotli). All layout features stay: they place Thai vowels and tone marks.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# Latin with accents (names), Thai, the punctuation our texts use, the dotted circle that stray marks stand on.
letters='U+0020-007E,U+00A0,U+00A9,U+00B7,U+00C0-00FF,U+0E01-0E3A,U+0E3F-0E5B,U+200B,U+2013,U+2014,U+2018,U+2019,U+201C,U+201D,U+2022,U+2026,U+2192,U+25CC'
subset() {
    pyftsubset "$1" --unicodes="$letters" --layout-features='*' --flavor=woff2 --output-file="$here/$2"
}
subset "$1" sarabun-regular.woff2
subset "$2" sarabun-semibold.woff2
