//! Text as base64url, computed by `JSONata`.

/// The letters that `$encodeUrlComponent` lets be, each at its place of ASCII from `!` on; the others are blanks.
const ASCII: &str = "!     '()*  -. 0123456789       ABCDEFGHIJKLMNOPQRSTUVWXYZ    _ abcdefghijklmnopqrstuvwxyz   ~";

/// Writes the `JSONata` that encodes a text, itself `JSONata`, as base64url without padding.
///
/// `JSONata`'s own `$base64encode` is defined for ASCII only. So the bytes of UTF-8 are read off the URL encoding, which
/// is the same everywhere, and three of them make four digits.
pub(super) fn expression(text: &str) -> String {
    let hexadecimal = "$length($substringBefore('0123456789ABCDEF', $uppercase($digit)))";
    let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    format!(
        "($value := function($digit) {{ {hexadecimal} }}; \
         $byte := function($part) {{ $length($part) = 1 ? 33 + $length($substringBefore(\"{ASCII}\", $part)) \
         : $value($substring($part, 1, 1)) * 16 + $value($substring($part, 2, 1)) }}; \
         $bytes := [$map($match($encodeUrlComponent({text}), /%..|./).match, $byte)]; \
         $sextet := function($number) {{ $substring('{digits}', $number % 64, 1) }}; \
         $join($map($partition($bytes, 3), function($group) {{( \
         $number := $group[0] * 65536 + ($count($group) > 1 ? $group[1] * 256 : 0) \
         + ($count($group) > 2 ? $group[2] : 0); \
         $quartet := $sextet($floor($number / 262144)) & $sextet($floor($number / 4096)) \
         & $sextet($floor($number / 64)) & $sextet($number); \
         $substring($quartet, 0, $count($group) + 1) )}})))"
    )
}

#[cfg(test)]
mod tests {
    use super::ASCII;

    #[test]
    fn each_letter_has_its_place() {
        for (place, letter) in ASCII.bytes().enumerate().filter(|(_, letter)| *letter != b' ') {
            assert_eq!(place + usize::from(b'!'), usize::from(letter), "{}", char::from(letter));
        }
        let unreserved = ASCII.bytes().filter(|letter| *letter != b' ').count();
        assert_eq!(unreserved, 26 + 26 + 10 + "-_.!~*'()".len());
    }
}
