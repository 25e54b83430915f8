//! CloudFormation's names in Rust's letters.

/// Words whose capitals mislead: the first is how CloudFormation writes them, the second where words begin.
const IRREGULAR: [(&str, &str); 13] = [
    ("DynamoDBv2", "DynamoDbv2"),
    ("GraphQL", "Graphql"),
    ("GiB", "Gib"),
    ("IoT", "Iot"),
    ("IPv4", "Ipv4"),
    ("IPv6", "Ipv6"),
    ("MiB", "Mib"),
    ("MySQL", "Mysql"),
    ("OAuth", "Oauth"),
    ("PostgreSQL", "Postgresql"),
    ("SaaS", "Saas"),
    ("VCpu", "Vcpu"),
    ("vCpu", "Vcpu"),
];

const KEYWORDS: [&str; 51] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Splits a name into lower-case words: `KMSMasterKeyID` into `kms`, `master`, `key`, `id`.
pub fn words(name: &str) -> Vec<String> {
    let mut regular = name.to_owned();
    for (irregular, spelling) in IRREGULAR {
        regular = regular.replace(irregular, spelling);
    }
    let characters: Vec<char> = regular.chars().collect();
    let mut words: Vec<String> = vec![String::new()];
    for (index, &character) in characters.iter().enumerate() {
        if !character.is_ascii_alphanumeric() {
            words.push(String::new());
            continue;
        }
        if character.is_ascii_uppercase() && begins_word(&characters, index) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(character.to_ascii_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Tells whether the capital at `index` begins a word.
fn begins_word(characters: &[char], index: usize) -> bool {
    let Some(previous) = index.checked_sub(1).map(|before| characters[before]) else { return true };
    if !previous.is_ascii_uppercase() {
        return true;
    }
    // Within capitals, the last one begins a word (`DBInstance`), unless the small letter is their plural (`ARNs`).
    let after = |distance: usize| characters.get(index + distance).copied();
    let plural = after(1) == Some('s') && after(2).is_none_or(|next| !next.is_ascii_lowercase());
    after(1).is_some_and(|next| next.is_ascii_lowercase()) && !plural
}

/// The name of a method or module: `LifecycleConfiguration` becomes `lifecycle_configuration`, and a keyword gets an
/// underscore at its end (`type_`).
pub fn snake(name: &str) -> String {
    let snake = words(name).join("_");
    if KEYWORDS.contains(&snake.as_str()) { format!("{snake}_") } else { snake }
}

/// The module of a service: `AWS::DynamoDB::Table` is in `dynamodb`, as in the names of AWS's own SDKs.
pub fn service_module(type_name: &str) -> String {
    type_name.split("::").nth(1).unwrap_or_default().to_lowercase()
}

/// The last part of a resource type: `Table` of `AWS::DynamoDB::Table`.
pub fn resource_name(type_name: &str) -> &str {
    type_name.rsplit("::").next().unwrap_or(type_name)
}

/// The name of a type. CloudFormation's own is kept wherever it is one.
pub fn type_ident(name: &str) -> String {
    let mut ident = String::new();
    let mut upper = true;
    for character in name.chars() {
        if !character.is_ascii_alphanumeric() {
            upper = true;
        } else if upper {
            ident.push(character.to_ascii_uppercase());
            upper = false;
        } else {
            ident.push(character);
        }
    }
    if ident.starts_with(|first: char| first.is_ascii_digit()) { format!("V{ident}") } else { ident }
}

/// The variant for a value of an enumeration: `PAY_PER_REQUEST` becomes `PayPerRequest`, `aws:kms` becomes `AwsKms`.
pub fn variant(value: &str) -> String {
    let mut ident = String::new();
    for piece in value.split(|character: char| !character.is_ascii_alphanumeric()).filter(|piece| !piece.is_empty()) {
        // `1.0` is not `10`.
        if ident.ends_with(|last: char| last.is_ascii_digit())
            && piece.starts_with(|first: char| first.is_ascii_digit())
        {
            ident.push('_');
        }
        let shouted = !piece.contains(|character: char| character.is_ascii_lowercase());
        let mut characters = piece.chars();
        ident.extend(characters.next().map(|first| first.to_ascii_uppercase()));
        ident.extend(characters.map(|rest| if shouted { rest.to_ascii_lowercase() } else { rest }));
    }
    match ident.as_str() {
        "" => "Empty".to_owned(),
        // `Other` is the variant for values newer than the schema.
        "Other" | "Self" => format!("{ident}Value"),
        _ if ident.starts_with(|first: char| first.is_ascii_digit()) => format!("V{ident}"),
        _ => ident,
    }
}

/// One of many: an element of `AllowedMethods` is an `AllowedMethod`.
pub fn singular(plural: &str) -> String {
    for list in ["List", "Set"] {
        if let Some(stem) = plural.strip_suffix(list).filter(|stem| !stem.is_empty()) {
            return singular(stem);
        }
    }
    if let Some(stem) = plural.strip_suffix("ies").filter(|stem| stem.len() > 1) {
        return format!("{stem}y");
    }
    let hissing = ["sses", "xes", "ches", "shes"].iter().any(|ending| plural.ends_with(ending));
    if let Some(stem) = plural.strip_suffix("es").filter(|_| hissing) {
        return stem.to_owned();
    }
    let singular_already = ["ss", "us", "is"].iter().any(|ending| plural.ends_with(ending));
    plural.strip_suffix('s').filter(|stem| !singular_already && stem.len() > 1).unwrap_or(plural).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setters_are_the_properties_in_snake_case() {
        for (name, expected) in [
            ("LifecycleConfiguration", "lifecycle_configuration"),
            ("KMSMasterKeyID", "kms_master_key_id"),
            ("SSEAlgorithm", "sse_algorithm"),
            ("S3Key", "s3_key"),
            ("EC2SecurityGroups", "ec2_security_groups"),
            ("TargetGroupARNs", "target_group_arns"),
            ("DBInstances", "db_instances"),
            ("OKActions", "ok_actions"),
            ("AZs", "azs"),
            ("IPv6CidrBlock", "ipv6_cidr_block"),
            ("MemoryGiBPerVCpu", "memory_gib_per_vcpu"),
            ("VPCZoneIdentifier", "vpc_zone_identifier"),
            ("Type", "type_"),
            ("deadLetterTargetArn", "dead_letter_target_arn"),
            ("Endpoint.Address", "endpoint_address"),
        ] {
            assert_eq!(snake(name), expected, "{name}");
        }
    }

    #[test]
    fn variants_are_camel_case() {
        for (value, expected) in [
            ("Enabled", "Enabled"),
            ("PAY_PER_REQUEST", "PayPerRequest"),
            ("aws:kms", "AwsKms"),
            ("aws:kms:dsse", "AwsKmsDsse"),
            ("t3.micro", "T3Micro"),
            ("1.0", "V1_0"),
            ("2012-10-17", "V2012_10_17"),
            ("GLACIER_IR", "GlacierIr"),
            ("OTHER", "OtherValue"),
            ("", "Empty"),
        ] {
            assert_eq!(variant(value), expected, "{value}");
        }
    }

    #[test]
    fn elements_are_named_in_the_singular() {
        for (plural, expected) in [
            ("AllowedMethods", "AllowedMethod"),
            ("Policies", "Policy"),
            ("Addresses", "Address"),
            ("Access", "Access"),
            ("Status", "Status"),
            ("BlockedEncryptionTypeList", "BlockedEncryptionType"),
            ("AllocationStrategy", "AllocationStrategy"),
        ] {
            assert_eq!(singular(plural), expected);
        }
    }
}
