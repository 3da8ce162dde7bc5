"""What a browser says of how a page looks: contrast, what runs over, what is too small to read.

JavaScript for `Page.evaluate`; each gives a list, which is empty where all is well.
"""

LOW_CONTRAST = """() => {
  const rgb = (text) => {
    const n = text.match(/[\\d.]+/g).map(Number);
    return {c: n.slice(0, 3), a: n.length > 3 ? n[3] : 1};
  };
  const light = (c) => {
    const [r, g, b] = c.map((v) => v / 255).map((v) =>
      v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const found = rgb(getComputedStyle(e).backgroundColor);
      if (found.a === 1) return found.c;
    }
    return [255, 255, 255];
  };
  const low = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const e = texts.currentNode.parentElement;
    const box = e.getBoundingClientRect();
    if (!texts.currentNode.data.trim() || box.width < 2 || e.closest('option, title')) continue;
    const style = getComputedStyle(e);
    const front = rgb(e instanceof SVGElement ? style.fill : style.color).c;
    const pair = [light(front), light(behind(e))].sort((a, b) => b - a);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && parseInt(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) low.push(texts.currentNode.data.trim() + ' ' + ratio.toFixed(2));
  }
  return low;
}"""

OVER = """() => {
  const out = (e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1;
  const shown = (e) => e.getClientRects().length > 0;
  return [...document.querySelectorAll('body *')]
    .filter((e) => !e.closest('svg') && shown(e) && out(e))
    .map((e) => e.tagName + ' ' + e.textContent.slice(0, 60));
}"""
# Text that is drawn beyond the picture that it stands in.
CUT = """() => [...document.querySelectorAll('svg text')].filter((e) => {
  if (!e.getClientRects().length) return false;
  const text = e.getBBox(), view = e.ownerSVGElement.viewBox.baseVal;
  return text.x < 0 || text.x + text.width > view.width || text.y + text.height > view.height;
}).map((e) => e.textContent)"""
# Smaller than 12 pixels as it is drawn, in pictures, too.
SMALL = """() => {
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const e = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !e.getClientRects().length) continue;
    const svg = e.closest('svg');
    const scale = svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
    const size = parseFloat(getComputedStyle(e).fontSize) * scale;
    if (size < (svg ? 10 : 12)) found.push(texts.currentNode.data.trim() + ' ' + size.toFixed(1));
  }
  return found;
}"""
SCROLLS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
