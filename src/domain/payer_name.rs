//! A payer's name as it is shown: its first and its last letter, as the platform writes it (`叶*梅`).

/// The name as a list or a log of people may show it. One that is masked already stays as it is.
#[must_use]
pub fn masked_name(name: &str) -> String {
    let letters: Vec<char> = name.trim().chars().collect();
    match letters.as_slice() {
        _ if letters.contains(&'*') => name.trim().to_owned(),
        [] => String::new(),
        [_] => "*".to_owned(),
        [first, _] => format!("{first}*"),
        [first, .., last] => format!("{first}*{last}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_first_and_last_letter_and_not_its_length() {
        let shown = [
            ("叶红梅", "叶*梅"),
            ("张三", "张*"),
            ("李", "*"),
            ("欧阳红梅", "欧*梅"),
            ("广州市某某有限公司", "广*司"),
            (" Ada Lovelace ", "A*e"),
            ("叶*梅", "叶*梅"),
            ("*三强", "*三强"),
            ("", ""),
        ];
        for (name, masked) in shown {
            assert_eq!(masked_name(name), masked);
            assert_eq!(masked_name(masked), masked, "masked twice");
        }
    }
}
