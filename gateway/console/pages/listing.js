// A list of the API as a table: rows are fetched by the browser, page after page.
// Everything from outside is text: no cell is ever taken for markup.
const SPLIT = ".";
const NOTHING_ASKED = /[?&][a-z_]+=(?=&|$)/g;
const PLACE = /\{([a-z_]+)\}/g;
const WHY = "why"; // the place of a sentence in a sentence
const SECOND_MS = 1000;
const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86400;
const SHORT = 12;
const ASKED_MAX = 100;
const names = {}; // by table and id, for all lists of the page; null where there is none
// A page that looked at enough holds few rows, or none, and says where to go on.
const FEW = 10;
const LOOKS_MAX = 20;

function at(item, key) {
  return key.split(SPLIT).reduce((found, part) => (found == null ? found : found[part]), item);
}

export default {
  template: `
    <div class="console-listing">
      <div class="console-wide" tabindex="0" role="region" :aria-label="label">
        <table class="console-table" :aria-busy="loading ? 'true' : 'false'">
          <caption class="console-hidden">{{ label }}</caption>
          <thead><tr>
            <th v-for="c in columns" :key="c.key + c.label" scope="col" :class="c.kind">{{ c.label }}</th>
            <th v-if="acts.length" scope="col"><span class="console-hidden">{{ words.acts }}</span></th>
          </tr></thead>
          <tbody>
            <tr v-for="(item, no) in items" :key="no">
              <td v-for="c in columns" :key="c.key + c.label" :class="c.kind" :data-label="c.label">
                <a v-if="c.href && at(item, c.key) != null" :href="way(c, item)" :title="hover(c, item)" :aria-label="c.kind === 'link' ? c.label + ' ' + name(item) : null">{{ text(c, item) }}</a>
                <time v-else-if="c.kind === 'time' && at(item, c.key)" :datetime="at(item, c.key)" :title="moment(at(item, c.key))">{{ text(c, item) }}</time>
                <span v-else-if="c.kind === 'state' && at(item, c.key) != null" :class="['console-state', (c.colours || {})[at(item, c.key)]]">{{ text(c, item) }}</span>
                <span v-else-if="c.kind === 'level' && at(item, c.key) != null" :class="['console-level', 'l' + at(item, c.key)]">{{ text(c, item) }}</span>
                <template v-else-if="c.kind === 'told'">
                  <span :title="at(item, c.recorded)">{{ told(c, item) }}</span>
                  <span v-if="c.beside && told(c, item) !== at(item, c.recorded)" class="console-raw" lang="en" :title="at(item, c.recorded)">{{ at(item, c.recorded) }}</span>
                </template>
                <span v-else-if="c.kind === 'said' && at(item, c.key)" :title="at(item, c.key)">{{ said(at(item, c.key)) }}</span>
                <span v-else-if="c.kind === 'short' && at(item, c.key)" :title="at(item, c.key)">{{ text(c, item) }}</span>
                <span v-else-if="hover(c, item)" :title="hover(c, item)">{{ text(c, item) }}</span>
                <template v-else>{{ text(c, item) }}</template>
              </td>
              <td v-if="acts.length" class="act">
                <template v-for="act in acts" :key="act.name">
                  <button v-if="offered(act, item)" type="button" class="console-act" :aria-label="act.label + ' ' + name(item)" @click="$emit('act', {name: act.name, item})">{{ act.label }}</button>
                </template>
              </td>
            </tr>
          </tbody>
        </table>
      </div>
      <p class="console-quiet" role="status">
        <template v-if="failed">{{ words.failed }} {{ failed }}</template>
        <template v-else-if="loading">{{ words.loading }}</template>
        <template v-else-if="!items.length">{{ cursor ? words.none_yet : words.empty }}</template>
        <template v-else>{{ words.shown.replace('{count}', items.length) }}</template>
      </p>
      <button v-if="cursor && !loading" type="button" class="console-act" @click="more">{{ words.more }}</button>
    </div>`,
  props: {
    url: String,
    label: String,
    columns: Array,
    acts: Array,
    problems: Object,
    sentences: Array,
    kinds: Object,
    words: Object,
    zone: String,
    language: String,
  },
  data: () => ({ items: [], cursor: null, loading: false, failed: "", asked: 0 }),
  watch: {
    url() {
      this.again();
    },
  },
  mounted() {
    this.again();
  },
  methods: {
    at,
    again() {
      this.load(this.url, []);
    },
    more() {
      this.load(this.url, this.items, this.cursor);
    },
    async load(url, before, cursor = null) {
      const asked = ++this.asked;
      const joint = url.includes("?") ? "&" : "?";
      this.loading = true;
      this.failed = "";
      let found = before;
      try {
        for (let looks = 0; looks < LOOKS_MAX; looks++) {
          const after = cursor ? `${joint}cursor=${encodeURIComponent(cursor)}` : "";
          const answer = await fetch(url + after, { cache: "no-store" });
          const body = await answer.json();
          if (asked !== this.asked) return;
          if (answer.status === 401) {
            location.href = "/login?next=" + encodeURIComponent(location.pathname + location.search);
            return;
          }
          if (!answer.ok) throw new Error(this.problems[body.code] ?? body.detail);
          await this.learn(body.items);
          if (asked !== this.asked) return;
          this.items = found = found.concat(body.items);
          this.cursor = cursor = body.next_cursor;
          if (!cursor || found.length - before.length >= FEW) break;
        }
        this.$emit("filled", { count: this.items.length });
      } catch (error) {
        if (asked !== this.asked) return;
        this.failed = error.message;
        this.items = found;
      } finally {
        if (asked === this.asked) this.loading = false;
      }
    },
    async learn(items) {
      const tables = [...new Set(this.columns.map((c) => c.names).filter(Boolean))];
      await Promise.all(tables.map((table) => learn(table, this.ids(table, items))));
    },
    ids(table, items) {
      const columns = this.columns.filter((c) => c.names === table);
      return new Set(items.flatMap((item) => columns.map((c) => at(item, c.key))));
    },
    called(column, item) {
      return names[`${column.names}/${at(item, column.key)}`];
    },
    hover(column, item) {
      const value = at(item, column.key);
      if (column.names) return this.called(column, item) ? value : null;
      return column.kind === "mean" && value != null ? value : null;
    },
    name(item) {
      const first = this.columns[0];
      return first.kind === "told" ? this.told(first, item) : text_of(at(item, first.key));
    },
    offered(act, item) {
      return !act.when || Object.entries(act.when).every(([key, values]) => values.includes(at(item, key)));
    },
    way(column, item) {
      return column.href.replace(/\{([a-z_.]+)\}/g, (_, key) => encodeURIComponent(text_of(at(item, key)))).replace(NOTHING_ASKED, "");
    },
    moment(value) {
      const form = { dateStyle: "short", timeStyle: "medium", timeZone: this.zone };
      return new Intl.DateTimeFormat("sv", form).format(new Date(value)); // 2026-11-23 10:58:00, as elsewhere
    },
    said(text) {
      this.patterns ??= (this.sentences || []).map(([pattern, told]) => [new RegExp(`^(?:${pattern})$`), told]);
      for (const [pattern, told] of this.patterns) {
        const found = text.match(pattern);
        if (found) return told.replace(PLACE, (_, place) => this.value(place, found.groups[place]));
      }
      return text;
    },
    value(place, text) {
      return place === WHY ? this.said(text) : this.kinds[place]?.[text] ?? text;
    },
    told(column, item) {
      const cause = at(item, column.key);
      const figures = item.figures || {};
      const known = column.words;
      const full = known["told_" + cause];
      const names = full ? [...full.matchAll(PLACE)].map((found) => found[1]) : [];
      if (full && names.every((name) => figures[name] != null)) {
        const value = (name) => [figures[name]].flat().map((one) => known[`${name}:${one}`] ?? text_of(one));
        return full.replace(PLACE, (_, name) => value(name).join(this.words.joint));
      }
      return text_of(known[cause] ?? at(item, column.recorded));
    },
    text(column, item) {
      const value = at(item, column.key);
      const known = column.words || {};
      if (value == null || value === "" || (Array.isArray(value) && !value.length)) return known[""] ?? "–";
      if (column.names) return this.called(column, item) ?? value;
      if (column.kind === "time") return this.moment(value);
      if (column.kind === "mean") return two(value);
      if (column.kind === "link") return column.label;
      if (column.kind === "duration") return lasting(Math.floor(value / SECOND_MS), this.words);
      if (column.kind === "percent") return `${value} %`;
      if (column.kind === "number" && typeof value === "number") return value.toLocaleString(this.language);
      if (column.kind === "short" && value.length > SHORT) return value.slice(0, SHORT) + "…";
      if (Array.isArray(value)) return value.map((one) => text_of(known[one] ?? one)).join(", ");
      return text_of(known[value] ?? value);
    },
  },
};

// What the rows of these ids are called; ids of which nothing is told stand as they are.
async function learn(table, ids) {
  const asked = [...ids].filter((id) => id && !(`${table}/${id}` in names));
  for (let at = 0; at < asked.length; at += ASKED_MAX) {
    const part = asked.slice(at, at + ASKED_MAX);
    const keys = part.map((id) => `&key=${encodeURIComponent(id)}`).join("");
    const rows = await rows_of(`/api/v1/${table}?limit=${part.length}${keys}`);
    if (!rows) return; // asked again with the next rows
    for (const id of part) names[`${table}/${id}`] = null;
    for (const row of rows) names[`${table}/${row.id}`] = row.name ?? row.pseudonym ?? null;
  }
}

async function rows_of(url) {
  try {
    const answer = await fetch(url, { cache: "no-store" });
    if (answer.status >= 500) return null;
    return answer.ok ? (await answer.json()).items : [];
  } catch {
    return null; // the list itself says when the gateway is away
  }
}

// A mean of four places as people read it, halves upwards, as `mean` of numbers.py.
function two(value) {
  return (Math.round(Math.round(Number(value) * 10000) / 100) / 100).toFixed(2);
}

function text_of(value) {
  if (value == null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

// As `duration` of numbers.py: in its two largest units at most.
function lasting(seconds, words) {
  const whole = (unit) => Math.floor(seconds / unit);
  const minutes = Math.floor((seconds % HOUR_S) / MINUTE_S);
  const hours = Math.floor((seconds % DAY_S) / HOUR_S);
  const say = (unit, many, few) => words[unit].replace("{many}", many).replace("{few}", few);
  if (seconds < MINUTE_S) return say("for_s", seconds);
  if (seconds < HOUR_S) return say("for_min", whole(MINUTE_S));
  if (seconds < DAY_S) return say("for_h", whole(HOUR_S), minutes);
  return say("for_d", whole(DAY_S), hours);
}
