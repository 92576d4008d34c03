// Long texts: tracebacks and output. They lie in the page deflated, in blocks; a block is unpacked
// when one of its texts is looked at.

const Texts = (() => {
  /** Of each block: the number of its first text, its element, and its texts once unpacked. */
  const blocks = [...document.querySelectorAll("script.texts")].map((holder) => ({
    first: parseInt(holder.textContent, 10),
    holder,
    texts: null,
  }));

  async function unpacked(block) {
    const packed = block.holder.textContent;
    const binary = atob(packed.slice(packed.indexOf(":") + 1));
    const compressed = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    const stream = new Blob([compressed]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  }

  return {
    /** Whether this browser can unpack them: those since May 2023 can. */
    available: typeof DecompressionStream === "function",

    /** A promise of the text with this number. */
    async get(number) {
      const block = blocks.findLast((each) => each.first <= number);
      block.texts ??= unpacked(block);
      return (await block.texts)[number - block.first];
    },
  };
})();
