#!/usr/bin/env bash
# Installs the AWS CLI: the seeds' commands, with the signature checked.
set -euo pipefail

# "Installing or updating to the latest version of the AWS CLI", AWS CLI user guide: the key of the AWS CLI team.
readonly FINGERPRINT=FB5DB77FD5C118B80511ADA8A6310ACC4672475C
# What is installed where nobody says which one.
readonly AWS_CLI_VERSION=2.36.42
readonly AWS_CLI=$ROOT/usr/local/bin/aws

# Tells whether the wanted version is installed.
is_installed() {
  [[ -x $AWS_CLI && $("$AWS_CLI" --version 2>&1) == "aws-cli/$1 "* ]]
}

# Installs the programs that installing needs, where they are missing.
install_tools() {
  local tool missing=() packages=()
  for tool in curl unzip gpgv; do
    if ! command -v "$tool" > /dev/null; then
      missing+=("$tool")
    fi
  done
  if ((${#missing[@]} == 0)); then
    return
  fi
  packages=("${missing[@]}")
  say "installing ${missing[*]}"
  if command -v apt-get > /dev/null; then
    run env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 update --quiet &&
      run env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install --yes --quiet "${packages[@]}"
  else
    run dnf install --assumeyes "${packages[@]/gpgv/gnupg2}"
  fi > packages.log 2>&1 ||
    fail transient "cannot install ${missing[*]}: $(tail --lines=1 packages.log)" \
      'use an image that has them, or let it reach its packages'
}

download() {
  local options=(--fail --silent --show-error --location --proto '=https' --retry 5 --connect-timeout 20)
  run curl "${options[@]}" --output "$2" "$1" 2> curl.log ||
    fail transient "cannot download $1: $(tail --lines=1 curl.log)" \
      'use an image that has the AWS CLI, or let it reach the address'
}

# Installs VERSION of the AWS CLI, whatever is there.
install_aws_cli() {
  local version=$1 machine
  machine=$(uname --machine)
  if [[ ! $machine =~ ^(x86_64|aarch64)$ ]]; then
    fail internal "there is no AWS CLI for $machine" 'allowed: x86_64, aarch64'
  fi
  need_disk $((1 << 30))
  install_tools
  say "downloading the AWS CLI $version for $machine"
  download "https://awscli.amazonaws.com/awscli-exe-linux-$machine-$version.zip" awscliv2.zip
  download "https://awscli.amazonaws.com/awscli-exe-linux-$machine-$version.zip.sig" awscliv2.sig
  base64 --decode > aws-cli.gpg << 'KEY'
mQINBF2Cr7UBEADJZHcgusOJl7ENSyumXh85z0TRV0xJorM2B/JL0kHOyigQluUG
ZMLhENaG0bYatdrKP+3H91lvK050pXwnO/R7fB/FSTouki4ciIx5OuLlnJZIxSzx
PqGl0mkxImLNbGWoi6Lto0LYxqHN2iQtzlwTVmq9733zd3XfcXrZ3+LblHAgEt5G
TfNxEKJ8soPLyWmwDH6HWCnjZ/aIQRBTIQ05uVeEoYxSh6wOai7ss/KveoSNBbYz
gbdzoqI2Y8cgH2nbfgp3DSasaLZEdCSsIsK1u05CinE7k2qZ7KgKAUIcT/cR/grk
C6VwsnDU0OUCideXcQ8WeHutqvgZH1JgKDbznoIzeQHJD238GEu+eKhRHcz8/jeG
94zkcgJOz3KbZGYMiTh277Fvj9zzvZsbMBCedV1BTg3TqgvdX4bdkhf5cH+7NtWO
lrFj6UwAsGukBTAOxC0l/dnSmZhJ7Z1KmEWilro/gOrjtOxqRQutlIqG22TaqoPG
fYVN+en3Zwbt97kcgZDwqbuykNt64oZWc4XKCa3mprEGC3IbJTBFqglXmZ7l9ywG
EEUJYOlb2XrSuPWml39beWdKM8kzr1OjnlOm6+lpTRCBfo0wa9F8YZRhHPAkwKkX
XDeOGpWRj4ohOx0d2GWkyV5xyN14p2tQOCdOODmz80yUTgRpPVQUtOEhXQARAQAB
tCFBV1MgQ0xJIFRlYW0gPGF3cy1jbGlAYW1hem9uLmNvbT6JAlQEEwEIAD4CGwMF
CwkIBwIGFQoJCAsCBBYCAwECHgECF4AWIQT7Xbd/1cEYuAURraimMQrMRnJHXAUC
akV0ygUJDqP4lQAKCRCmMQrMRnJHXFHjD/9eyZLYcKuQOlLvtqSDtUBiEZf6ZZjM
i3ygYH8rJNtuToUH+HvSpe819urJCquXhDrlK6N+aqW0hCLtNABJG/vsafIgvIYJ
hSGgpgtNnQyMV1jViRWqPjbouw8OkYKBThUfT1i2Y+wn58ifs6ODBCmTexWtXspA
Si+Gt49xDOW0APmbOPnI+a4HJW6tVEo6MWS0WjzpiBayR3d1A4pt4YrPfSdDgpLo
h2SLQqlRqvvVZJaWBjhkErNFpfsBA06sDcPEOb0G8LBUbR4WOcdvhe5LubJbZuxC
AG9kNPCVeQP1ixwjgjXKysaxeQ6rv0VzIQgRp6tLVLWhy6AKDNvLjFSsmXZ1Wl08
Y/RlOHXlzLuQMRE6sR1wOdRxc9TsrNWTGiBK65cvSWOy03JeBkQQ8pesqltiyxI9
U21kkgiXtTSKNGfKK8pO27D81YANhRqPK7iTp6kuFiY2WtOg90KTMNlIT+Ff85Y2
b1rHj6Z0SrCkJujhWk3IBPic/wJgz01LEc/OAdUPlby90RJZcIBhSlWhT7mXnXIO
c0HWlNQrns2s3CTyYwZSiSlYe9ApeLwhjDo8NhbFuCAy61l6O5UsR4AfZxx/rGKv
2wFb1/RN/P4gNe6vmxZAPjR0AQcwD3tc2McimOLr/22kmPz8IH3I0X7WoSFr0Biz
E91G7bb0hOb/cA==
KEY
  # A key that has expired since, which the version is older than, is no fault; any other key is.
  gpgv --keyring ./aws-cli.gpg --status-fd 3 awscliv2.sig awscliv2.zip 3> signature > gpgv.log 2>&1 || true
  if ! grep --quiet "^\[GNUPG:\] VALIDSIG $FINGERPRINT " signature; then
    fail internal "the AWS CLI $version is not signed by the AWS CLI team: $(tail --lines=1 gpgv.log)" \
      'nothing was installed; check the version'
  fi
  run unzip -q awscliv2.zip
  run ./aws/install --update --bin-dir "${AWS_CLI%/*}" --install-dir "$ROOT/usr/local/aws-cli" > install.log 2>&1 ||
    fail internal "the installer failed: $(tail --lines=1 install.log)" 'look at the instance by the diagnostics command'
  if ! is_installed "$version"; then
    fail internal "$AWS_CLI is not version $version after installing it" 'remove other installations of the AWS CLI'
  fi
}

# Installs the AWS CLI where there is none that runs.
need_aws_cli() {
  if aws --version > /dev/null 2>&1; then
    return
  fi
  take_lock 900 aws-cli
  if ! aws --version > /dev/null 2>&1; then
    install_aws_cli "$AWS_CLI_VERSION"
  fi
}
