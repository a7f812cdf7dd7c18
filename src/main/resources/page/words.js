// Numbers in the words of the command line: sizes in binary units, times as coarse as they are long.

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/** A size in bytes: 512 B, 1.50 MiB, 1023 GiB. */
export function size(bytes) {
  let unit = 0;
  let scaled = bytes;
  while (scaled >= 1023.5 && unit < UNITS.length - 1) {
    scaled /= 1024;
    unit++;
  }
  const digits = unit === 0 || scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2;
  return scaled.toFixed(digits) + ' ' + UNITS[unit];
}

/** A rate in bytes a second. */
export function rate(bytesPerSecond) {
  return size(bytesPerSecond) + '/s';
}

/** A time in seconds: 9 s, 3 min 05 s, 2 h 10 min, 3 d 4 h. */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const two = number => String(number).padStart(2, '0');
  if (whole < 60) {
    return whole + ' s';
  } else if (whole < 3600) {
    return Math.floor(whole / 60) + ' min ' + two(whole % 60) + ' s';
  } else if (whole < 48 * 3600) {
    return Math.floor(whole / 3600) + ' h ' + two(Math.floor(whole % 3600 / 60)) + ' min';
  }
  return Math.floor(whole / 86400) + ' d ' + Math.floor(whole % 86400 / 3600) + ' h';
}

/** Whole percent, of which 100 means all. */
export function percent(done, total) {
  return total > 0 ? Math.min(100, Math.floor(done / total * 100)) : 0;
}

/** A moment of the sidecar's clock (RFC 3339) and how long ago that is by the clock here. */
export function ago(moment) {
  const seconds = (Date.now() - Date.parse(moment)) / 1000;
  return Number.isFinite(seconds) ? duration(seconds) + ' ago' : moment;
}
