// The till's page: what is typed goes to the service, what the service answers is shown. Nothing is
// priced here. A sale is `open`, then `sent` (no answer yet: only the same may be sent again), then `paid`.

import { Refused, Service, Unanswered } from "/till/service.js";

const $ = (id) => document.getElementById(id);
let service, sale, last;
let list = null; // the list in force here, with its items
let items = [];
let work = Promise.resolve(); // one thing after the other, as they were typed

function make(tag, text = "", name = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (name) made.className = name;
  return made;
}

// A button that is made anew with what it stands beside; `at` tells it from the others.
function pressed(text, label, at, act) {
  const made = make("button", text);
  made.type = "button";
  made.dataset.at = at;
  if (label) made.ariaLabel = label;
  made.addEventListener("click", (event) => run(act).then(() => focusAfter(event, at)));
  return made;
}

// Back to the scanner, but who goes by the keyboard stays in place, and a finger wants no keyboard.
function focusAfter(event, at) {
  if (event.pointerType === "touch") return;
  const same = event.detail === 0 && document.querySelector(`[data-at="${CSS.escape(at)}"]`);
  (same || $("scan")).focus();
}

function tell(text, mood = "") {
  $("says").textContent = text;
  $("says").className = mood;
}

// For the cashier and for the shopper; the one may begin with the other.
function both({ cashier, shopper }) {
  return shopper.startsWith(cashier) ? shopper : `${cashier} ${shopper}`;
}

function fresh() {
  return { state: "open", lines: [], coupons: [], whose: null, answer: null, back: new Map() };
}

// One act after the other; what goes wrong is said, in the service's own sentence where it has one.
function run(act) {
  work = work.catch(() => {}).then(act).catch((error) => {
    if (error instanceof Refused) tell([error.message, error.body.detail].filter(Boolean).join(" "), "bad");
    else if (error instanceof Unanswered) tell(sale?.state === "sent" ? service.say("no_answer") : service?.say("unreached") ?? $("says").dataset.unreached, "bad");
    else throw error;
  }).then(() => {
    if (service?.here) show();
    document.body.dataset.done = Number(document.body.dataset.done ?? 0) + 1;
  });
  return work;
}

// --- what is done ---------------------------------------------------------------------------

async function openTill() {
  const own = new Service($("key").value.trim());
  await own.begin();
  service = own;
  $("key").value = "";
  for (const each of document.querySelectorAll("[data-word]")) each.textContent = service.say(each.dataset.word);
  document.documentElement.lang = service.here.tag;
  document.documentElement.dir = service.here.direction;
  document.title = service.say("title");
  $("where").textContent = `${service.here.name} · ${service.day(service.here.day)}`;
  $("door").hidden = true;
  $("till").hidden = false;
  sale = fresh();
  tell(service.say("welcome"));
  $("scan").focus();
}

// What is typed: code, 3*code, code @2.49 (or code 2.49: no list's code has a point).
async function scanned(text) {
  const [, count, code, price] = /^(?:(\d{1,3})\s*[*×]\s*)?(.+?)(?:\s+(@\d+|@?\d+[.,]\d+))?$/.exec(text);
  const what = await service.ask("/till/scan", { text: code });
  if (what.kind === "nothing") return tell(service.say("nothing"), "bad");
  if (what.kind === "coupon") return handOver(code);
  if (what.kind !== "item") return openList({ [what.kind === "card" ? "card" : "code"]: code });
  if (price === undefined && what.price === null) {
    $("scan").value = `${text} @`;
    return tell(service.say("no_price", { entry: `${text} @${(2.49).toFixed(service.here.decimals)}` }), "bad");
  }
  const own = price === undefined ? what.price : service.minor(price.replace("@", ""));
  if (own === null || count === "0") return tell(service.say("no_entry"), "bad");
  return add({ ...what, price: own, carries: what.carries && price === undefined }, Number(count ?? 1));
}

async function openList(whose) {
  begun();
  list = await service.ask("/v1/lookup", whose);
  sale.whose = whose;
  const answer = await service.ask("/till/items", whose);
  items = answer.items;
  await quote();
  if (!sale.lines.length) tell(`${service.say("list")}: ${service.money(list.worth)}`, "good");
}

async function add(item, quantity = 1) {
  begun();
  const sent = { code: item.code, quantity };
  if (!item.carries) sent.price = item.price;
  sale.lines.push({ name: item.name || item.code, size: item.size, amount: item.price * quantity, quantity, sent });
  try {
    await quote();
  } catch (error) {
    if (error instanceof Refused) sale.lines.pop();
    throw error;
  }
}

async function handOver(coupon) {
  begun();
  sale.coupons.push(coupon);
  try {
    await quote();
  } catch (error) {
    if (error instanceof Refused) sale.coupons.pop();
    throw error;
  }
}

// A sale that is paid or on its way is not changed: what is scanned next begins another one.
function begun() {
  if (sale.state === "sent") throw new Refused(0, { cashier: service.say("no_answer") });
  if (sale.state !== "open") {
    sale = fresh();
    list = null;
    items = [];
  }
}

function basket() {
  sale.name ??= service.named();
  const coupons = sale.coupons.length ? { coupons: sale.coupons } : {};
  return { ...sale.name, at: service.at(), ...sale.whose, ...coupons, lines: sale.lines.map((line) => line.sent) };
}

async function quote() {
  sale.answer = await service.ask("/v1/quote", basket());
  const gives = sale.answer.off || sale.answer.points;
  if (sale.lines.length) tell(gives ? both(sale.answer) : sale.answer.cashier, gives ? "good" : "");
}

async function hold() {
  if (sale.state !== "open" || !sale.lines.length) return;
  sale.answer = await service.ask("/v1/reserve", basket());
  sale.held = true;
  tell(service.say("held"), "good");
}

async function pay() {
  if (!["open", "sent"].includes(sale.state) || !sale.lines.length) return;
  sale.body ??= basket();
  sale.state = "sent";
  try {
    sale.answer = await service.ask("/v1/redeem", sale.body);
  } catch (error) {
    if (error instanceof Refused) { sale.state = "open"; sale.body = null; } // it had no effect
    throw error;
  }
  sale.state = "paid";
  last = sale;
  tell(`${service.say("paid")} ${service.money(sale.answer.to_pay)}. ${sale.answer.shopper}`, "good");
}

async function takeBack(whole, line) {
  const body = { ...service.named(), at: service.at(), of: last.name };
  if (!whole) body.lines = [{ line, quantity: 1 }];
  const answer = await service.ask("/v1/return", body);
  for (const each of answer.lines) last.back.set(each.line, (last.back.get(each.line) ?? 0) + each.quantity);
  tell(both(answer), "good");
}

async function voidLast() {
  const which = sale.state === "sent" || sale.held ? sale : last;
  if (!which) return tell(service.say("no_sale"), "bad");
  const answer = await service.ask("/v1/void", { ...which.name, at: service.at() });
  which.state = "void";
  if (which === last) last = null;
  tell(both(answer), "good");
}

async function anew() {
  if (sale.state === "sent") return tell(service.say("no_answer"), "bad");
  if (sale.held && sale.state === "open") await service.ask("/v1/void", { ...sale.name, at: service.at() });
  sale = fresh();
  list = null;
  items = [];
  tell(service.say("welcome"));
}

// --- what is shown --------------------------------------------------------------------------

function show() {
  showLines();
  showSums();
  showList();
  const open = sale.state === "open" || sale.state === "sent";
  $("basket_title").textContent = { paid: service.say("receipt", { number: sale.name?.transaction }), void: service.say("voided") }[sale.state] ?? service.say("basket");
  $("pay").hidden = $("hold").hidden = !open;
  $("pay").disabled = !sale.lines.length;
  $("hold").disabled = !sale.lines.length || sale.state === "sent";
  $("void").hidden = !last && !sale.held && sale.state !== "sent";
  $("back").hidden = sale.state !== "paid";
  $("to_pay_word").textContent = service.say(sale.state === "paid" ? "paid" : "to_pay");
}

function showLines() {
  $("empty").hidden = sale.lines.length > 0;
  $("lines").className = sale.state;
  const off = new Map((sale.answer?.lines ?? []).map((share) => [share.line, share.off]));
  $("lines").replaceChildren(...sale.lines.map((line, number) => showLine(line, number, off.get(number) ?? 0)));
}

function showLine(line, number, off) {
  const shown = make("li");
  const name = make("div", "", "name");
  const each = line.quantity > 1 ? `${line.quantity} × ${service.money(line.amount / line.quantity)}` : "";
  name.append(make("b", line.name), make("span", ` ${[line.size, each].filter(Boolean).join(" · ")}`));
  const money = make("div", "", off ? "money fell" : "money");
  if (off) money.append(make("s", service.money(line.amount)), make("ins", service.money(line.amount - off)));
  else money.append(service.money(line.amount));
  if (off !== (line.off ?? 0)) shown.className = "fresh";
  line.off = off;
  shown.append(name, money, lineButton(line, number));
  const used = sale.answer?.offers.filter((offer) => offer.lines.some((share) => share.line === number && share.off)) ?? [];
  for (const offer of used) {
    const part = offer.lines.find((share) => share.line === number).off;
    shown.append(make("div", `${offer.title} −${service.money(part)}`, "why"));
  }
  return shown;
}

function lineButton(line, number) {
  if (sale.state === "open") {
    return pressed("×", `${service.say("remove")}: ${line.name}`, `off ${number}`, async () => {
      sale.lines.splice(number, 1);
      await quote();
    });
  }
  const back = sale.back.get(number) ?? 0;
  if (sale.state !== "paid" || back >= line.quantity) return make("span", back ? service.say("brought", { count: back }) : "", "hint");
  return pressed(service.say("bring_back"), `${service.say("bring_back")}: ${line.name}`, `back ${number}`, () => takeBack(false, number));
}

function showSums() {
  const { total = 0, off = 0, to_pay = 0 } = sale.answer ?? {};
  $("total").textContent = service.money(total);
  $("saved").textContent = service.money(off);
  $("to_pay").textContent = service.money(to_pay);
  $("saved").parentElement.hidden = !off;
}

function showList() {
  $("list_about").textContent = list
    ? `${list.list_code} · ${service.say("good_until", { day: service.day(list.last_day) })}`
    : service.say("no_list");
  const answers = new Map((sale.answer?.offers ?? []).map((offer) => [offer.offer, offer]));
  const shown = (list?.offers ?? []).map((offer) => showOffer(offer, answers.get(offer.offer)));
  for (const offer of answers.values()) {
    if (offer.coupon !== undefined) shown.unshift(showOffer({ ...offer, headline: service.say("coupon"), state: "open" }, offer));
  }
  const others = items.filter((item) => item.offer === null);
  if (others.length) {
    const more = make("li");
    more.append(make("b", service.say("others")), showItems(others));
    shown.push(more);
  }
  $("offers").replaceChildren(...shown);
}

function showOffer(offer, answer) {
  const shown = make("li");
  const head = make("div", "", "offer");
  const gives = make("strong", offer.headline);
  if (offer.buy > 1) gives.append(make("small", service.say("buy", { count: offer.buy })));
  head.append(gives, make("span", offer.title));
  if (answer?.uses) head.append(make("em", answer.off ? `−${service.money(answer.off)}` : service.say("used")));
  else if ((sale.lines.length || offer.coupon !== undefined) && answer?.sentence) head.append(make("em", answer.sentence, "not"));
  else if (offer.state !== "open") head.append(make("em", offer.sentence ?? service.say("used"), "not"));
  shown.append(head, showItems(items.filter((item) => item.offer === offer.offer)));
  return shown;
}

function showItems(some) {
  const shown = make("div", "", "items");
  for (const item of some) {
    const made = pressed("", "", `item ${item.code}`, () => (item.price === null ? scanned(item.code) : add(item)));
    made.append(`${item.name}${item.size ? ` ${item.size}` : ""} `);
    if (item.price !== null) made.append(make("b", service.money(item.price)));
    made.title = item.code;
    shown.append(made);
  }
  return shown;
}

// --- what is pressed ------------------------------------------------------------------------

$("door").addEventListener("submit", (event) => {
  event.preventDefault();
  run(openTill);
});
$("scanner").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("scan").value.trim();
  $("scan").value = "";
  if (text) run(() => scanned(text));
});
const ACTS = { pay, hold, void: voidLast, back: () => takeBack(true), anew };
const KEYS = { F2: "pay", F4: "hold", F8: "void", F9: "anew" };
for (const [id, act] of Object.entries(ACTS)) {
  $(id).addEventListener("click", (event) => run(act).then(() => focusAfter(event, "")));
}
addEventListener("keydown", (event) => {
  const plain = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (service && plain && document.activeElement !== $("scan")) $("scan").focus(); // scanners type anywhere
  const button = KEYS[event.key] && $(KEYS[event.key]);
  if (!service || !button) return;
  event.preventDefault();
  if (!button.disabled && !button.hidden) button.click();
});
