//! Runs the script that prepares the folder of work files, with stand-ins for what would touch disks.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// An instance whose disks are files and whose programs write down how they are called.
struct Instance {
    root: TempDir,
}

impl Instance {
    /// Makes an instance with so many disks in its instance store. Udev makes several links to each, and to a partition.
    fn with_disks(count: usize) -> Self {
        let instance = Self { root: tempfile::tempdir().unwrap() };
        fs::create_dir(instance.path("bin")).unwrap();
        for index in 0..count {
            for name in [format!("disk{index}"), format!("disk{index}part")] {
                fs::write(instance.path(&name), "").unwrap();
                for link in ["", "-ns-1"] {
                    symlink(instance.path(&name), instance.path(&format!("store_{name}{link}"))).unwrap();
                }
            }
        }
        instance.program("lsblk", "case $* in *part) echo part ;; *) echo disk ;; esac", false);
        instance.program("mountpoint", "exit 1", false);
        instance.program("blkid", "exit 2", false);
        for name in ["mdadm", "mkfs.ext4", "udevadm", "mount"] {
            instance.program(name, "", true);
        }
        instance
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Puts a stand-in in the place of a program.
    fn program(&self, name: &str, does: &str, is_written_down: bool) {
        let calls = self.path("calls");
        let note = if is_written_down { format!("echo {name} \"$@\" >> {}\n", calls.display()) } else { String::new() };
        let path = self.path("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{note}{does}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn without(&self, name: &str) {
        fs::remove_file(self.path("bin").join(name)).unwrap();
    }

    /// Runs the script; tells whether it succeeded, and what it called, with the instance's folder left out.
    fn start(&self) -> (bool, Vec<String>) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/work_folder.sh");
        let status = Command::new("bash")
            .arg(script)
            .env("PATH", format!("{}:/usr/bin:/bin", self.path("bin").display()))
            .env("BALEEN_WORK_FOLDER", self.path("work"))
            .env("BALEEN_STORES", self.path("store_"))
            .status()
            .unwrap();
        let calls = fs::read_to_string(self.path("calls")).unwrap_or_default();
        let root = format!("{}/", self.root.path().display());
        (status.success(), calls.replace(&root, "").lines().map(str::to_owned).collect())
    }
}

const MOUNT: &str = "mount --options noatime,nodev,nosuid LABEL=baleen-work work";

fn format(device: &str) -> String {
    format!("mkfs.ext4 -q -F -m 0 -E nodiscard -L baleen-work {device}")
}

#[test]
fn without_an_instance_store_work_stays_on_the_root_volume() {
    let instance = Instance::with_disks(0);
    assert_eq!(instance.start(), (true, vec![]));
    let mode = fs::metadata(instance.path("work")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn one_disk_is_formatted_and_mounted() {
    let (succeeded, calls) = Instance::with_disks(1).start();
    assert!(succeeded);
    assert_eq!(calls, [&format("disk0"), "udevadm settle", MOUNT]);
}

#[test]
fn several_disks_are_one() {
    let array = "mdadm --create /dev/md/baleen --run --homehost=any --level=0 --raid-devices=2 disk0 disk1";
    let (succeeded, calls) = Instance::with_disks(2).start();
    assert!(succeeded);
    assert_eq!(calls, [array, &format("/dev/md/baleen"), "udevadm settle", MOUNT]);
}

#[test]
fn one_of_several_disks_is_taken_where_they_cannot_be_made_one() {
    let instance = Instance::with_disks(2);
    instance.without("mdadm");
    let (succeeded, calls) = instance.start();
    assert!(succeeded);
    assert_eq!(calls, [&format("disk0"), "udevadm settle", MOUNT]);
}

#[test]
fn what_survived_a_restart_is_mounted_as_it_is() {
    let instance = Instance::with_disks(2);
    instance.program("blkid", "echo /dev/md127", false);
    assert_eq!(instance.start(), (true, vec![MOUNT.to_owned()]));
}

#[test]
fn what_is_mounted_is_left_alone() {
    let instance = Instance::with_disks(1);
    instance.program("mountpoint", "exit 0", false);
    assert_eq!(instance.start(), (true, vec![]));
}

#[test]
fn a_disk_that_cannot_be_formatted_is_not_mounted() {
    let instance = Instance::with_disks(1);
    instance.program("mkfs.ext4", "exit 1", true);
    assert_eq!(instance.start(), (false, vec![format("disk0")]));
}
