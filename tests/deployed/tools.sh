# Virtual environments, pinned, by their names; sourced. Several, since MiniStack, checkov and the tools that build and
# deploy ask for different versions of the same libraries.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

for name in "$@"; do
    pinned=$(sha256sum "$name.txt")
    if [[ "$(cat ".venv/$name/pinned" 2>/dev/null || true)" != "$pinned" ]]; then
        rm -rf ".venv/$name"
        python3 -m venv ".venv/$name"
        ".venv/$name/bin/pip" install --quiet --disable-pip-version-check -r "$name.txt"
        echo "$pinned" > ".venv/$name/pinned"
    fi
done
