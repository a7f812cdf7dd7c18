// The rate of the last minutes, a sample a second.

const SECONDS = 300;
const WIDTH = 300;
const HEIGHT = 40;

export class Chart {
  #samples = [];

  /** One sample a second, in bytes a second. */
  add(bytesPerSecond) {
    this.#samples.push(bytesPerSecond);
    this.#samples.splice(0, this.#samples.length - SECONDS);
  }

  get isEmpty() {
    return !this.#samples.some(sample => sample > 0);
  }

  get highest() {
    return Math.max(...this.#samples);
  }

  /** Draws itself into an SVG of 300 by 40; the newest sample is at its right end. */
  show(svg) {
    const scale = (HEIGHT - 2) / Math.max(1, this.highest);
    const first = WIDTH - this.#samples.length + 1;
    const points = this.#samples.map((sample, i) => `${first + i} ${(HEIGHT - 1 - sample * scale).toFixed(1)}`);
    const line = 'M' + points.join('L');
    svg.querySelector('.line').setAttribute('d', line);
    svg.querySelector('.area').setAttribute('d', `${line}L${WIDTH} ${HEIGHT}L${first} ${HEIGHT}Z`);
  }
}
