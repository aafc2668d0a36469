// The sheets of a site, filled in on a phone. What was typed is kept in this browser
// until the gateway has it: it outlives a reload, and waits while there is no connection.
const KEPT = "evalgate.sheet";
const STATES = ["overdue", "due", "due_soon"];
const PAGE = 200;
const SHEETS_MAX = 1000;
const ANSWER_MS_MAX = 15000;
const RETRY_MS = 5000;
const DRAFT_MS_MAX = 14 * 86400000;
const WORK_MS_MAX = 12 * 3600000;
const TRANSIENT = [408, 425, 429];

async function ask(url, options) {
  const control = new AbortController();
  const timer = setTimeout(() => control.abort(), ANSWER_MS_MAX);
  try {
    const answer = await fetch(url, { cache: "no-store", signal: control.signal, ...options });
    return { status: answer.status, body: await answer.json() };
  } finally {
    clearTimeout(timer);
  }
}

// Not randomUUID: a phone may come over plain HTTP, where there is none.
function fresh_key() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return "sheet-" + Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");
}

function fresh() {
  return { marks: {}, notes: "", parts: [], result: "", operator: "", at: 0, signed: null, error: "" };
}

export default {
  template: `
    <div class="console-sheets">
      <p v-if="unkept" class="console-old" role="alert">{{ words.unkept }}</p>
      <p v-if="waiting.length" class="console-old" role="status">
        {{ told(words.waiting, waiting.length) }}
        <a v-if="logged_out" :href="login">{{ words.log_in }}</a>
      </p>
      <p class="console-quiet" role="status">
        <template v-if="failed">{{ words.failed }} {{ failed }}</template>
        <template v-else-if="loading">{{ words.loading }}</template>
        <template v-else-if="!shown.length">{{ words.empty }}</template>
        <template v-else>{{ told(words.count, shown.length) }}</template>
      </p>
      <ul v-if="done.length" class="console-stops">
        <li v-for="one in done" :key="one">{{ one }}</li>
      </ul>
      <details v-for="s in shown" :key="s.inspection_id" class="console-card console-sheet">
        <summary>
          <strong>{{ s.device_id }}</strong> <span v-if="s.window" :title="s.window">{{ windows[s.window] || s.window }}</span>
          <span :class="['console-state', colours[s.state]]">{{ words.states[s.state] }}</span>
          <span class="console-quiet">{{ words.types[s.type] || s.type }} · {{ progress(s) }}</span>
        </summary>
        <p v-if="s.next_due_at" class="console-quiet">{{ words.due_before }} {{ moment(s.next_due_at) }}</p>
        <p class="console-quiet">{{ known(s) }}</p>
        <p v-if="entry(s).error" class="console-error" role="alert">{{ words.refused }} {{ entry(s).error }}</p>
        <fieldset v-for="line in s.checklist" :key="line.item" :disabled="fixed(s)" class="console-item">
          <legend>{{ words.items[line.item] || line.item }}
            <span v-if="line.proof" class="console-quiet">{{ line.mark ? words.proven : "" }} <span :title="line.proof">{{ said(line.proof) }}</span></span>
          </legend>
          <label v-for="mark in marks" :key="mark" :class="[mark, {chosen: marked(s, line) === mark}]">
            <input type="radio" :name="s.inspection_id + ' ' + line.item" :value="mark"
              :checked="marked(s, line) === mark" @change="mark_as(s, line, mark)">
            {{ words.marks[mark] }}
          </label>
        </fieldset>
        <fieldset :disabled="fixed(s)" class="console-rest">
          <legend class="console-hidden">{{ words.rest }}</legend>
          <label>{{ words.notes }}
            <textarea rows="3" maxlength="2000" :value="entry(s).notes" @input="put(s, 'notes', $event.target.value)"></textarea>
          </label>
          <div v-for="(part, no) in entry(s).parts" :key="no" class="console-used">
            <label>{{ words.part }} <input maxlength="64" :value="part.name" @input="put_part(s, no, 'name', $event.target.value)"></label>
            <label>{{ words.count_of }} <input type="number" min="1" max="1000" :value="part.count" @input="put_part(s, no, 'count', $event.target.value)"></label>
          </div>
          <button type="button" class="console-act" @click="add_part(s)">{{ words.add_part }}</button>
          <label>{{ words.result }}
            <select :value="result(s)" @change="put(s, 'result', $event.target.value)">
              <option v-for="one in results(s)" :key="one" :value="one">{{ words.results[one] }}</option>
            </select>
          </label>
          <label>{{ words.operator }}
            <input maxlength="64" :value="entry(s).operator || user" @input="put(s, 'operator', $event.target.value)">
          </label>
        </fieldset>
        <p v-if="!may" class="console-quiet">{{ words.read_only }}</p>
        <p v-else-if="entry(s).signed" class="console-quiet" role="status">{{ words.signed }}</p>
        <template v-else>
          <p v-if="left(s)" class="console-quiet">{{ told(words.left, left(s)) }}</p>
          <button type="button" class="console-sign" :disabled="left(s) > 0" :aria-label="words.sign + ' ' + s.device_id" @click="sign(s)">{{ words.sign }}</button>
        </template>
      </details>
    </div>`,
  props: {
    site: String,
    user: String,
    may: Boolean,
    words: Object,
    sentences: Array,
    problems: Object,
    colours: Object,
    now_ms: Number,
    zone: String,
  },
  data: () => ({
    sheets: [],
    windows: {},
    entries: {},
    done: [],
    marks: ["pass", "fail", "skip"],
    loading: true,
    failed: "",
    unkept: false,
    logged_out: false,
    sending: false,
    timer: null,
    ahead: 0,
  }),
  computed: {
    shown() {
      const after = (one) => STATES.indexOf(one.state);
      return [...this.sheets].sort((a, b) => after(a) - after(b) || (a.device_id < b.device_id ? -1 : 1));
    },
    waiting() {
      return Object.keys(this.entries).filter((id) => this.entries[id].signed);
    },
    login() {
      return "/login?next=" + encodeURIComponent(location.pathname);
    },
  },
  mounted() {
    this.ahead = Date.now() - this.now_ms;
    this.recall();
    this.load();
    this.timer = setInterval(this.retry, RETRY_MS);
    window.addEventListener("online", this.retry);
    this.retry();
  },
  unmounted() {
    clearInterval(this.timer);
    window.removeEventListener("online", this.retry);
  },
  methods: {
    // By the gateway's clock: a phone's own may be wrong.
    now() {
      return Date.now() - this.ahead;
    },

    // ----- what was typed, kept under the user and the sheet

    place(id) {
      return [KEPT, this.user, id].join("\n");
    },
    recall() {
      try {
        const before = this.now() - DRAFT_MS_MAX;
        const mine = this.place("");
        for (const name of Object.keys(localStorage)) {
          if (!name.startsWith(mine)) continue;
          const entry = { ...fresh(), ...JSON.parse(localStorage.getItem(name)) };
          if (entry.at < before && !entry.signed) localStorage.removeItem(name);
          else this.entries[name.slice(mine.length)] = entry;
        }
      } catch (error) {
        this.unkept = true;
      }
    },
    keep(id) {
      try {
        localStorage.setItem(this.place(id), JSON.stringify(this.entries[id]));
      } catch (error) {
        this.unkept = true;
      }
    },
    forget(id) {
      delete this.entries[id];
      try {
        localStorage.removeItem(this.place(id));
      } catch (error) {
        this.unkept = true;
      }
    },
    entry(s) {
      return this.entries[s.inspection_id] || fresh();
    },
    change(s, fields) {
      const id = s.inspection_id;
      const now = this.now();
      this.entries[id] = { began: now, ...this.entry(s), ...fields, at: now };
      this.keep(id);
    },
    put(s, name, value) {
      this.change(s, { [name]: value });
    },
    mark_as(s, line, mark) {
      this.change(s, { marks: { ...this.entry(s).marks, [line.item]: mark } });
    },
    add_part(s) {
      this.change(s, { parts: [...this.entry(s).parts, { name: "", count: "1" }] });
    },
    put_part(s, no, name, value) {
      const parts = this.entry(s).parts.map((part, at) => (at === no ? { ...part, [name]: value } : part));
      this.change(s, { parts });
    },

    // ----- what the sheet says

    marked(s, line) {
      return this.entry(s).marks[line.item] || line.mark;
    },
    left(s) {
      return s.checklist.filter((line) => !this.marked(s, line)).length;
    },
    results(s) {
      const bad = s.checklist.some((line) => this.marked(s, line) === "fail");
      return bad ? ["degraded", "out_of_service"] : ["ok", "degraded", "out_of_service"];
    },
    result(s) {
      const among = this.results(s);
      return among.includes(this.entry(s).result) ? this.entry(s).result : among[0];
    },
    fixed(s) {
      return !this.may || this.entry(s).signed !== null;
    },
    progress(s) {
      const whole = s.checklist.length;
      return `${whole - this.left(s)} / ${whole}`;
    },
    said(text) {
      for (const [pattern, told] of this.sentences) {
        const found = text.match(new RegExp(`^(?:${pattern})$`));
        if (found) return told.replace(/\{(\w+)\}/g, (_, name) => found.groups[name]);
      }
      return text;
    },
    why(answer) {
      const named = this.problems[answer.code];
      return named ? `${named} (${answer.detail})` : answer.detail;
    },
    known(s) {
      return s.known.filter((line) => line.proof).map((line) => `${this.words.items[line.item] || line.item}${this.words.colon}${this.said(line.proof)}`).join(" · ");
    },
    told(text, count) {
      return text.replace("{count}", count);
    },
    moment(value) {
      const form = { dateStyle: "short", timeStyle: "short", timeZone: this.zone };
      return new Intl.DateTimeFormat("sv", form).format(new Date(value)); // 2026-11-26 00:00, as elsewhere
    },

    // ----- to and from the gateway

    async load() {
      this.loading = true;
      this.failed = "";
      try {
        this.sheets = (await Promise.all(STATES.map(this.of_state))).flat();
        await this.learn(this.sheets.map((s) => s.window).filter(Boolean));
      } catch (error) {
        this.failed = error.message;
      } finally {
        this.loading = false;
      }
    },
    async learn(ids) {
      for (let at = 0; at < ids.length; at += PAGE) {
        const given = ids.slice(at, at + PAGE).map((id) => ["key", id]);
        const { status, body } = await ask("/api/v1/windows?" + new URLSearchParams([["limit", PAGE], ...given]));
        if (status !== 200) return; // ids will do
        for (const row of body.items) this.windows[row.id] = row.name;
      }
    },
    async of_state(state) {
      let found = [];
      let cursor = "";
      do {
        const given = { site: this.site, state, limit: PAGE, ...(cursor && { cursor }) };
        const { status, body } = await ask("/api/v1/inspections?" + new URLSearchParams(given));
        if (status !== 200) throw new Error(this.why(body));
        found = found.concat(body.items);
        cursor = body.next_cursor;
      } while (cursor && found.length < SHEETS_MAX);
      return found;
    },
    sign(s) {
      const now = this.now();
      const entry = { began: now, ...this.entry(s) };
      const parts = {};
      for (const part of entry.parts) {
        const name = part.name.trim();
        if (name) parts[name] = (parts[name] || 0) + (parseInt(part.count, 10) || 1);
      }
      const body = {
        device_id: s.device_id,
        type: s.type,
        plan_id: s.plan_id,
        started_at: new Date(Math.max(entry.began, now - WORK_MS_MAX)).toISOString(),
        finished_at: new Date(now).toISOString(),
        operator: (entry.operator || this.user).trim() || null,
        checklist: Object.fromEntries(s.checklist.map((line) => [line.item, this.marked(s, line)])),
        parts,
        result: this.result(s),
        notes: entry.notes,
      };
      this.change(s, { signed: { key: fresh_key(), body }, error: "" });
      this.retry();
    },
    async retry() {
      if (this.sending || !this.waiting.length) return;
      this.sending = true;
      try {
        for (const id of this.waiting) await this.send(id);
      } catch (error) {
        // No connection: it stays here and is sent again.
      } finally {
        this.sending = false;
      }
    },
    async send(id) {
      const { key, body } = this.entries[id].signed;
      const { status, body: answer } = await ask("/api/v1/inspections", {
        method: "POST",
        headers: { "Content-Type": "application/json", "Idempotency-Key": key },
        body: JSON.stringify(body),
      });
      this.logged_out = status === 401;
      if (status < 300) {
        this.forget(id);
        this.done.push(`${body.device_id}: ${this.words.sent}`);
        this.sheets = this.sheets.filter((one) => one.inspection_id !== id);
      } else if (status >= 400 && status < 500 && status !== 401 && !TRANSIENT.includes(status)) {
        this.entries[id] = { ...this.entries[id], signed: null, error: this.why(answer) };
        this.keep(id);
      }
    },
  },
};
