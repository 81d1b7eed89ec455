import { type FieldOutline, isValue, type Part } from './field-outline.ts'
import type { DayOutline, PatternOutline } from './outline.ts'
import { isOnTheMinute, type Stretch, type TimeOutline } from './time-outline.ts'

const WEEKDAYS = ['周日', '周一', '周二', '周三', '周四', '周五', '周六']
const NTH = ['一', '二', '三', '四', '五']
const DRAWN = '由任务名决定的'
const UNITS = { second: '秒', minute: '分钟', hour: '小时' }

type Unit = keyof typeof UNITS

/** The pattern as a Chinese sentence without a full stop. */
export function inChinese({ time, day, months, years }: PatternOutline): string {
  return spaced(`${daysText(day, months, years, time.kind === 'times')} ${timeText(time)}`)
}

/** A space stands between a number and a character, and nowhere else. */
function spaced(text: string): string {
  return text
    .trim()
    .replaceAll(/(?<=[\u4e00-\u9fff、，])\s+(?=[\u4e00-\u9fff])/g, '')
    .replaceAll(/(?<=[\u4e00-\u9fff])(?=\d)|(?<=\d)(?=[\u4e00-\u9fff])/g, ' ')
}

/** An interval as a Chinese sentence; `unit`: its English name. */
export function intervalInChinese(count: number, unit: string): string {
  const name = { ...UNITS, day: '天', millisecond: '毫秒' }[unit] as string
  return count === 1 ? `每${name}` : `每 ${count} ${name}`
}

function timeText(time: TimeOutline): string {
  if (time.kind === 'times') return list(time.times)
  if (time.kind === 'hourly') {
    return list(time.stretches.map((one) => (one.first === one.last ? one.first : `${fromTo(one)} 每小时`)))
  }
  const { second, minute, hour, stretches } = time
  const isSecond = !isOnTheMinute(second)
  if (!isSecond && hour === null && minute?.length === 1 && isZero(minute[0] as Part)) return '每小时'
  const finest = isSecond ? often(second, 'second') : often(minute, 'minute')
  const isOften = finest.startsWith('每')
  const parts: string[] = []
  const isEachMinute = isSecond ? minute === null : isOften
  if (stretches !== null) {
    parts.push(`${list(stretches.map(fromTo))} `)
    if (!isEachMinute && stretches.some(({ first, last }) => first.slice(0, 2) !== last.slice(0, 2))) {
      parts.push('每小时的')
    }
  } else if (hour !== null || !isEachMinute) {
    parts.push(`${often(hour, 'hour')}${isEachMinute ? '内' : '的'}`)
  }
  if (isSecond && (minute !== null || !isOften)) parts.push(`${often(minute, 'minute')}${isOften ? '内' : '的'}`)
  return `${parts.join('')}${finest}`
}

function isZero(part: Part): boolean {
  return isValue(part) && part.value === 0
}

function fromTo({ first, last }: Stretch): string {
  return `${first} 至 ${last}`
}

/** `每分钟`, `每 5 分钟`, `第 0、10 至 20 分钟`. */
function often(field: FieldOutline, unit: Unit): string {
  const name = UNITS[unit]
  if (field === null) return `每${name}`
  const [only] = field
  if (field.length === 1 && only?.kind === 'step') {
    return only.isEven ? `每 ${only.step} ${name}` : `第 ${only.first} 至 ${only.last} ${name}中每 ${only.step} ${name}`
  }
  if (field.length === 1 && only?.kind === 'hash') return drawn(only, name)
  const texts = field.map((part) => {
    if (part.kind === 'value') return String(part.value)
    if (part.kind === 'range') return `${part.first} 至 ${part.last}`
    if (part.kind === 'step') return `${part.first} 至 ${part.last} 中每 ${part.step} 个`
    return part.kind === 'hash' ? drawn(part, '个') : ''
  })
  return `第 ${texts.join('、')} ${name}`
}

function drawn({ first, last, step, isWhole }: Part & { kind: 'hash' }, name: string): string {
  const span = isWhole ? '' : `第 ${first} 至 ${last} ${name}中`
  return step === null ? `${span}${DRAWN}某${name}` : `从${span}${DRAWN}某${name}起每 ${step} ${name}`
}

function daysText(day: DayOutline, months: FieldOutline, years: FieldOutline, isTimes: boolean): string {
  const month = monthsText(months, years)
  const each = month === '' ? '每月' : month.endsWith('的') || month.endsWith('每月') ? month : `${month} `
  switch (day.kind) {
    case 'every': {
      if (month === '') return isTimes ? '每天' : ''
      return `${month.replace(/每月$/, '')}${isTimes ? (month.endsWith('的') ? '每天' : ' 每天') : ''}`.replace(
        /的$/,
        '',
      )
    }
    case 'days':
      return `${each}${list(day.parts.map(dayPart))}`
    case 'weekdays': {
      if (day.parts.some(isOfMonth)) return `${each}${weekdays(day.parts)}`
      return `${month.replace(/每月$/, ' ')}${/[月年]$/.test(month) ? '的' : ''}${weekdays(day.parts)}`.replace(
        ' 的',
        '的',
      )
    }
    case 'either':
      return `${each}${list(day.days.map(dayPart))}，以及${months === null ? '' : '其间'}${weekdays(day.weekdays)}`
    case 'both':
      return `${each}${list(day.days.map(dayPart))}且为${list(plainWeekdays(day.weekdays), '或')}`
  }
}

/** Which months of which years; ends with `月` for one month, with `的` or `每月` for several; empty: all. */
function monthsText(months: FieldOutline, years: FieldOutline): string {
  const year = years === null ? '每年' : yearsText(years)
  if (months === null) return years === null ? '' : `${year}每月`
  const [only] = months
  const prefix = years === null ? '每年 ' : `${year} `
  if (only?.kind === 'range') return `${prefix}${only.first} 月至 ${only.last} 月每月`
  if (months.length === 1 && only?.kind === 'value') return `${prefix}${only.value} 月`
  const texts = months.map((part) => (part.kind === 'value' ? `${part.value} 月` : monthDrawn(part)))
  return `${prefix}${list(texts)}的`
}

function monthDrawn(part: Part): string {
  if (part.kind !== 'hash') return ''
  const span = part.isWhole ? '' : `${part.first} 月至 ${part.last} 月中`
  return part.step === null ? `${span}${DRAWN}某月` : `从${span}${DRAWN}某月起每 ${part.step} 个月`
}

function yearsText(years: readonly Part[]): string {
  return list(
    years.map((part) => {
      if (part.kind === 'range') return `${part.first} 年至 ${part.last} 年`
      if (part.kind === 'step') return `${part.first} 年至 ${part.last} 年中每 ${part.step} 年`
      return part.kind === 'value' ? `${part.value} 年` : ''
    }),
  )
}

function dayPart(part: Part): string {
  switch (part.kind) {
    case 'value':
      return `${part.value} 日`
    case 'range':
      return `${part.first} 日至 ${part.last} 日`
    case 'step':
      return part.isWhole ? `从 1 日起每 ${part.step} 天` : `${part.first} 日至 ${part.last} 日中每 ${part.step} 天`
    case 'hash':
      return drawn(part, '日')
    case 'nearest-weekday':
      return `最接近 ${part.day} 日的工作日`
    case 'last-day': {
      if (part.before === 0) return part.isNearestWeekday ? '最后一个工作日' : '最后一天'
      const day = `倒数第 ${part.before + 1} 天`
      return part.isNearestWeekday ? `最接近${day}的工作日` : day
    }
    case 'nth-weekday':
    case 'last-weekday':
      return ''
  }
}

function isOfMonth({ kind }: Part): boolean {
  return kind === 'nth-weekday' || kind === 'last-weekday'
}

/** `每周一和周五`, `最后一个周五`. */
function weekdays(parts: readonly Part[]): string {
  if (parts.every(isValue) && parts.map(({ value }) => value).join() === '0,6') return '周末'
  const isPlain = !parts.some(isOfMonth)
  const texts = plainWeekdays(parts)
  return isPlain
    ? `每${list(texts)}`
    : list(texts.map((text, index) => (isValue(parts[index] as Part) ? `每${text}` : text)))
}

function plainWeekdays(parts: readonly Part[]): string[] {
  return parts.map((part) => {
    if (part.kind === 'value') return WEEKDAYS[part.value] as string
    if (part.kind === 'range') return `${WEEKDAYS[part.first]}至${WEEKDAYS[part.last]}`
    if (part.kind === 'nth-weekday') return `第${NTH[part.nth - 1]}个${WEEKDAYS[part.weekday]}`
    if (part.kind === 'last-weekday') return `最后一个${WEEKDAYS[part.weekday]}`
    if (part.kind !== 'hash') return ''
    const span = part.isWhole ? '周' : `${WEEKDAYS[part.first % 7]}至${WEEKDAYS[part.last % 7]}`
    return part.step === null ? `${span}中${DRAWN}某天` : `${span}中从${DRAWN}某天起每 ${part.step} 天`
  })
}

function list(texts: readonly string[], word = '和'): string {
  return texts.length < 2 ? texts.join('') : `${texts.slice(0, -1).join('、')}${word}${texts.at(-1)}`
}
