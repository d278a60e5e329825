// The live stream: one socket, resumed by number, polling only while the socket is down.
//
// Starts from the number and epoch that were rendered with the page, so nothing between render and connect is lost.
// Every event is dispatched once and in order as `bulkhead:event` on document; `bulkhead:resync` says that the page
// must fetch its fragments again. State, last number and polls stand on <html> as data-live-state, -seq, -polls.
import { light } from "./light.js";
import { meta, now, root } from "./page.js";

const SILENT_AFTER = 40_000; // the server beats every 15 s; longer silence is a dead socket
const DOUBT_AFTER = 20_000; // on coming back to a tab, a socket this quiet is replaced at once
const CONNECT_WITHIN = 10_000;
const POLL_AFTER = 4_000; // a short reconnect needs no poll
const POLL_EVERY = 5_000;
const FINAL = { 4401: "signed-out", 4403: "cut-off" };

export class LiveStream {
  constructor({ url, seq, epoch }) {
    this.url = url;
    this.seq = seq;
    this.epoch = epoch;
    this.head = seq;
    this.attempt = 0;
    this.heardAt = now();
    this.gapAt = null;
    this.socket = null;
    this.ended = false;
    root.dataset.livePolls = "0";
    root.dataset.liveSeq = String(seq);
  }

  start() {
    this.connect();
    setInterval(() => this.watch(), 1_000);
    addEventListener("online", () => this.reconnect(true));
    addEventListener("offline", () => this.reconnect(false));
    addEventListener("pageshow", (event) => event.persisted && this.reconnect(true));
    addEventListener("pagehide", () => this.drop());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && now() - this.heardAt > DOUBT_AFTER) this.reconnect(true);
    });
  }

  connect() {
    clearTimeout(this.retry);
    this.drop();
    if (this.ended) return;
    const address = `${this.url}/live/?after=${this.seq}&epoch=${encodeURIComponent(this.epoch)}`;
    let socket;
    try {
      socket = new WebSocket(address);
    } catch {
      this.failed();
      return;
    }
    this.socket = socket;
    this.greeted = false;
    this.startedAt = Date.now();
    socket.onmessage = (message) => socket === this.socket && this.hear(message.data);
    socket.onclose = (event) => socket === this.socket && this.closed(event.code);
    light.show("catching-up");
  }

  drop() {
    const socket = this.socket;
    this.socket = null;
    this.greeted = false;
    if (socket) {
      socket.onmessage = socket.onclose = null;
      socket.close();
    }
  }

  closed(code) {
    this.socket = null;
    this.greeted = false;
    if (FINAL[code]) {
      this.ended = true;
      light.show("stale", { since: this.heardAt, reason: FINAL[code] });
      document.dispatchEvent(new CustomEvent("bulkhead:ended", { detail: { code } }));
      return;
    }
    if (code === 4008) this.attempt = 0; // we read too slowly; resume, the log has it all
    this.failed();
  }

  failed() {
    this.downSince ??= Date.now();
    light.show("catching-up");
    const longest = Math.min(30_000, 200 * 2 ** this.attempt);
    this.attempt += 1;
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.connect(), Math.random() * longest);
  }

  reconnect(atOnce) {
    if (this.ended) return;
    if (atOnce) {
      this.attempt = 0;
      this.connect();
    } else {
      this.drop();
      this.failed();
    }
  }

  hear(data) {
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return;
    }
    this.heardAt = now();
    if ("seq" in frame) this.take(frame);
    else if (frame.resync) this.resync();
    else if ("beat" in frame) this.head = Math.max(this.head, frame.beat);
    else if ("head" in frame) this.greet(frame);
    this.settle();
  }

  greet({ epoch, head }) {
    this.greeted = true;
    this.attempt = 0;
    this.downSince = null;
    this.greetedEpoch = epoch;
    this.head = head;
    this.behindSince = Date.now();
  }

  take(event) {
    if (event.seq <= this.seq) return;
    if (event.seq > this.seq + 1 && this.gapAt !== this.seq) {
      this.gapAt = this.seq; // the stream is dense: ask again from the last number, once for each gap
      this.reconnect(true);
      return;
    }
    if (event.seq > this.seq + 1) document.dispatchEvent(new CustomEvent("bulkhead:resync"));
    this.seq = event.seq;
    this.head = Math.max(this.head, event.seq);
    root.dataset.liveSeq = String(this.seq);
    light.eventAt(Date.parse(event.at));
    document.dispatchEvent(new CustomEvent("bulkhead:event", { detail: event }));
  }

  resync() {
    // Another epoch (a restored database) or too far behind: start from the head, and let the page fetch itself anew.
    this.epoch = this.greetedEpoch ?? this.epoch;
    this.seq = this.head;
    root.dataset.liveSeq = String(this.seq);
    document.dispatchEvent(new CustomEvent("bulkhead:resync"));
  }

  settle() {
    if (!this.greeted) return;
    if (this.seq >= this.head) {
      this.behindSince = Date.now();
      light.show("live");
    } else {
      light.show("catching-up");
    }
  }

  watch() {
    if (this.ended) return;
    const silence = now() - this.heardAt;
    if (silence > SILENT_AFTER) light.show("stale", { since: this.heardAt });
    if (this.greeted && silence > SILENT_AFTER) this.reconnect(true);
    else if (this.greeted && this.seq < this.head && Date.now() - this.behindSince > 10_000) this.reconnect(true);
    else if (this.socket && !this.greeted && Date.now() - this.startedAt > CONNECT_WITHIN) this.reconnect(false);
    if (!this.greeted) {
      this.downSince ??= this.startedAt ?? Date.now();
      if (Date.now() - this.downSince > POLL_AFTER) this.poll();
    }
  }

  async poll() {
    if (this.polling || Date.now() - (this.polledAt ?? 0) < POLL_EVERY || !navigator.onLine) return;
    this.polling = true;
    this.polledAt = Date.now();
    root.dataset.livePolls = String(Number(root.dataset.livePolls) + 1);
    try {
      const answer = await fetch(`/api/v1/events/?after=${this.seq}`, {
        headers: { Accept: "application/json" },
        signal: AbortSignal.timeout(10_000),
      });
      if (answer.status === 401 || answer.status === 403) this.closed(answer.status === 401 ? 4401 : 4403);
      if (!answer.ok) return;
      const page = await answer.json();
      if (this.greeted || this.ended) return; // the socket came back while we asked
      this.heardAt = now();
      if (page.epoch !== undefined && String(page.epoch) !== String(this.epoch)) {
        this.greetedEpoch = page.epoch;
        this.head = page.head;
        this.resync();
        return;
      }
      this.head = Math.max(this.head, page.head);
      for (const event of page.results) this.take(event);
      if (this.seq < this.head) this.polledAt = 0; // more is waiting: ask again at once
      light.show("catching-up", { askedAt: now() });
    } catch {
      // No answer: the light says so by itself once the silence is long enough.
    } finally {
      this.polling = false;
    }
  }
}

export function startLive() {
  const url = meta("live-url");
  if (!url) return null;
  const stream = new LiveStream({ url, seq: Number(meta("live-head") || 0), epoch: meta("live-epoch") });
  stream.start();
  return stream;
}
