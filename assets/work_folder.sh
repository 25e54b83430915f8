#!/usr/bin/env bash
# Puts the folder of work files on the instance store, where the instance has one. It runs at every start: the store is
# empty again once the instance was stopped, and as it was after a restart.
set -euo pipefail

readonly FOLDER=${BALEEN_WORK_FOLDER:-/var/lib/baleen}
readonly STORES=${BALEEN_STORES:-/dev/disk/by-id/nvme-Amazon_EC2_NVMe_Instance_Storage_}
readonly ARRAY=/dev/md/baleen
readonly LABEL=baleen-work

# Prints the disks of the instance store, one a line. Several links lead to each, and others to its partitions.
stores() {
  local link disk
  for link in "$STORES"*; do
    disk=$(readlink --canonicalize-existing -- "$link") || continue
    if [[ $(lsblk --noheadings --nodeps --output TYPE -- "$disk") == disk ]]; then
      printf '%s\n' "$disk"
    fi
  done | sort --unique
}

mkdir --parents -- "$FOLDER"
chmod 700 -- "$FOLDER"
if mountpoint --quiet -- "$FOLDER"; then
  exit 0
fi
if ! blkid --label "$LABEL" > /dev/null; then
  mapfile -t disks < <(stores)
  if ((${#disks[@]} == 0)); then
    echo 'no instance store: work files are on the root volume'
    exit 0
  fi
  device=${disks[0]}
  # One file system over all of them, as fast as all together; what is on it is worth nothing without the others.
  if ((${#disks[@]} > 1)) && command -v mdadm > /dev/null; then
    device=$ARRAY
    mdadm --create "$ARRAY" --run --homehost=any --level=0 --raid-devices="${#disks[@]}" "${disks[@]}"
  fi
  mkfs.ext4 -q -F -m 0 -E nodiscard -L "$LABEL" "$device"
  udevadm settle
fi
mount --options noatime,nodev,nosuid "LABEL=$LABEL" "$FOLDER"
chmod 700 -- "$FOLDER"
