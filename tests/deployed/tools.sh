# What both commands need; sourced. Two virtual environments, pinned: the tools and MiniStack ask for different botocores.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

for name in tools ministack; do
    pinned=$(sha256sum "$name.txt")
    if [[ "$(cat ".venv/$name/pinned" 2>/dev/null || true)" != "$pinned" ]]; then
        rm -rf ".venv/$name"
        python3 -m venv ".venv/$name"
        ".venv/$name/bin/pip" install --quiet --disable-pip-version-check -r "$name.txt"
        echo "$pinned" > ".venv/$name/pinned"
    fi
done
