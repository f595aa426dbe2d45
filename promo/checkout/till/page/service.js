// One till's talk with the service. The key lives in this object and nowhere else.

export class Refused extends Error {
  constructor(status, body) {
    super(body.cashier ?? `${status}`);
    this.status = status;
    this.body = body;
  }
}

export class Unanswered extends Error {}

export class Service {
  #key;

  constructor(key) {
    this.#key = key;
  }

  // Says hello: where the key belongs, its day, its money, the words to say.
  async begin() {
    this.here = await this.ask("/till/hello", {});
    this.till = "try-" + Math.random().toString(36).slice(2, 6);
    this.began = performance.now();
    const { tag, currency, decimals } = this.here;
    const money = { style: "currency", currency, currencyDisplay: "narrowSymbol", numberingSystem: "latn",
      minimumFractionDigits: decimals, maximumFractionDigits: decimals };
    this.format = new Intl.NumberFormat(tag, money);
  }

  async ask(path, body) {
    let answer, said;
    try {
      answer = await fetch(path, {
        method: "POST", cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer",
        headers: { "content-type": "application/json", authorization: `Bearer ${this.#key}` },
        body: JSON.stringify(body),
      });
      said = await answer.json();
    } catch {
      throw new Unanswered();
    }
    if (answer.ok) return said;
    if (answer.status > 500) throw new Unanswered();
    throw new Refused(answer.status, said);
  }

  // A sale's identity is made once, and kept with it whatever becomes of it.
  named() {
    const transaction = Date.now().toString();
    return { store: this.here.store, till: this.till, day: this.here.day, transaction };
  }

  // The store's own clock, which has no zone.
  at() {
    const began = Date.parse(this.here.at + "Z");
    return new Date(began + performance.now() - this.began).toISOString().slice(0, 19);
  }

  money(minor) {
    return this.format.format(minor / 10 ** this.here.decimals);
  }

  // "2.49" or "2,49" in minor units; null if it is no such amount.
  minor(text) {
    const found = /^(\d{1,7})(?:[.,](\d+))?$/.exec(text);
    const after = found?.[2] ?? "";
    if (!found || after.length > this.here.decimals) return null;
    return Number(found[1] + after.padEnd(this.here.decimals, "0"));
  }

  day(text) {
    return new Intl.DateTimeFormat(this.here.tag, { dateStyle: "medium", timeZone: "UTC" }).format(new Date(text));
  }

  say(word, values = {}) {
    return this.here.words[word].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  }
}
