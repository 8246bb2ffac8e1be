package dev.temper.text;

/**
 * A token that is found in the text before the model's own segmentation, as listed under {@code
 * added_tokens} in tokenizer.json.
 *
 * @param id its token id
 * @param content the text it stands for
 * @param singleWord whether it only matches between word boundaries
 * @param stripsLeft whether it swallows white space on its left
 * @param stripsRight whether it swallows white space on its right (the spans of such tokens include
 *     that white space)
 * @param normalized whether it is searched in the normalised text
 * @param special whether it is a control token: dropped by decoding with {@code skipSpecialTokens},
 *     ignored by {@link Tokenizer#encodePlain}
 */
public record AddedToken(
    int id,
    String content,
    boolean singleWord,
    boolean stripsLeft,
    boolean stripsRight,
    boolean normalized,
    boolean special) {}
