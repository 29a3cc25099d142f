// A seeded source of numbers (mulberry32) with the few draws that the workload needs. The order of the
// draws is part of the workload: the same seed gives the same bytes for ever.
export class Random {
  constructor(seed) { this.state = seed >>> 0; }

  // in [0, 1)
  fraction() {
    this.state = (this.state + 0x6D2B79F5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  // in [low, high], both included
  integer(low, high) { return low + Math.floor(this.fraction() * (high - low + 1)); }
  pick(list) { return list[Math.floor(this.fraction() * list.length)]; }
  chance(probability) { return this.fraction() < probability; }

  // `count` different elements, in the order of the draw
  some(list, count) {
    const left = list.slice(), drawn = [];
    while (drawn.length < count && left.length) {
      drawn.push(left.splice(Math.floor(this.fraction() * left.length), 1)[0]);
    }
    return drawn;
  }
}
