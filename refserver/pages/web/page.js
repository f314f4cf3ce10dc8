// The page shows and sends; the gate's terminal on the server decides.

const $ = (id) => document.getElementById(id);
const chosen = (name) => document.querySelector(`input[name="${name}"]:checked`);
const refreshEvery = Number(document.body.dataset.refresh) * 1000;

// ---- the phone: a live code ----

let svg = ""; // of the code on the screen
let due = 0; // when it is replaced, by performance.now()
let wanted = 0; // counts requests: only the last one is shown
let ring;

async function refresh() {
  const mine = ++wanted;
  const profile = chosen("profile").value;
  due = Infinity; // until this one has come
  try {
    const answer = await fetch(`/code.svg?profile=${encodeURIComponent(profile)}`, { cache: "no-store" });
    if (!answer.ok) throw new Error(`code: ${answer.status}`);
    const text = await answer.text();
    if (mine !== wanted) return;
    svg = text;
    const old = $("code").src;
    $("code").src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
    await $("code").decode().catch(() => {});
    if (old.startsWith("blob:")) URL.revokeObjectURL(old);
    $("code").dataset.profile = profile;
    shown(true);
    due = performance.now() + refreshEvery;
    ring?.cancel();
    ring = $("left").animate([{ strokeDashoffset: 0 }, { strokeDashoffset: 100 }], { duration: refreshEvery, fill: "forwards" });
  } catch {
    if (mine !== wanted) return;
    shown(false); // an old code would only be refused
    due = performance.now() + 3000;
  }
}

function shown(yes) {
  $("symbol").classList.toggle("stale", !yes);
  $("gone").hidden = yes;
  $("present").disabled = !yes;
}

function tick() {
  if (document.hidden) return; // a code that nobody sees is not worth a counter
  if (performance.now() >= due) refresh();
  if (Number.isFinite(due)) $("seconds").textContent = Math.max(0, Math.ceil((due - performance.now()) / 1000));
}

$("refresh").addEventListener("click", refresh);
for (const input of document.querySelectorAll('input[name="profile"]')) input.addEventListener("change", refresh);
document.addEventListener("visibilitychange", tick);
setInterval(tick, 250);

// picture draws the code on the screen as a PNG, as a camera would see it.
async function picture() {
  const side = 640;
  // Firefox draws no SVG that has no size of its own.
  const url = URL.createObjectURL(new Blob([svg.replace("<svg ", `<svg width="${side}" height="${side}" `)], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    return await drawn(image, side, side, "image/png");
  } finally {
    URL.revokeObjectURL(url);
  }
}

function drawn(source, width, height, type) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, width, height);
  pen.drawImage(source, 0, 0, width, height);
  return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), type, 0.85));
}

$("present").addEventListener("click", async () => {
  $("present").disabled = true;
  try {
    show(await ask(await picture()));
  } catch {
    show(unreachable);
  } finally {
    $("present").disabled = false;
  }
});

// ---- the gate: verdicts ----

const unreachable = { trouble: true, reason: "no-answer", message: { zh: "没有收到回答，请确认演示程序仍在运行", en: "No answer; is the demo still running?" } };

// ask sends a picture to the chosen gate and returns its verdict, or what was
// wrong with the request.
async function ask(blob) {
  const form = new FormData();
  form.append("gate", chosen("gate").value);
  form.append("picture", blob, "picture");
  try {
    const answer = await fetch("/verify", { method: "POST", body: form });
    const said = await answer.json();
    return answer.ok ? said : { ...said, trouble: true };
  } catch {
    return unreachable;
  }
}

const facts = {
  queue: ["排队号", "number"],
  patient: ["档案", "record"],
  line: ["线路", "line"],
  offlineRidesLeft: ["离线余次", "offline rides left"],
  free: ["空位", "free bays"],
  minutes: ["停车分钟", "minutes"],
};

function show(said) {
  const [kind, mark, zh, en] = said.trouble
    ? ["trouble", "#i-trouble", "无法判定", "Not decided"]
    : said.allow
      ? ["allow", "#i-yes", "通过", "Accepted"]
      : ["refuse", "#i-no", "拒绝", "Refused"];
  const panel = $("verdict");
  panel.className = `verdict ${kind}`;
  void panel.offsetWidth; // so that the next animation begins anew
  panel.classList.add("fresh");
  panel.dataset.reason = said.reason;
  panel.dataset.allow = String(said.allow === true);
  $("mark").setAttribute("href", mark);
  $("wordzh").textContent = said.repeated ? `${zh}（同一次）` : zh;
  $("worden").textContent = said.repeated ? `${en}, as a moment ago` : en;
  $("saidzh").textContent = said.message?.zh ?? "";
  $("saiden").textContent = said.message?.en ?? "";
  $("facts").replaceChildren(fact(said.reason, "reason"), ...Object.entries(said.outcome ?? {}).map(([key, value]) => fact(`${(facts[key] ?? [key]).join(" ")}: ${value}`)));
  if (said.milliseconds !== undefined) $("facts").append(fact(`${said.milliseconds.toFixed(1)} ms`));
  panel.scrollIntoView({ block: "nearest", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  if (!said.trouble) remember(said);
}

function fact(text, name = "") {
  const item = document.createElement("li");
  item.textContent = text;
  item.className = name;
  return item;
}

function remember(said) {
  const row = document.createElement("li");
  for (const [text, name] of [
    [said.at.slice(11, 19), ""],
    [said.allow ? "✓ 通过" : "✗ 拒绝", said.allow ? "yes" : "no"],
    [`${said.gate.zh} ${said.online ? "" : "（断网）"}`, ""],
    [said.reason, ""],
  ]) {
    const cell = document.createElement("span");
    cell.textContent = text;
    cell.className = name;
    row.append(cell);
  }
  $("list").prepend(row);
  while ($("list").children.length > 6) $("list").lastChild.remove();
  $("recent").hidden = false;
}

// ---- pictures: chosen, dropped, pasted ----

async function judge(file) {
  if (file) show(await ask(file));
}

$("file").addEventListener("change", async () => {
  await judge($("file").files[0]);
  $("file").value = ""; // the same file may be chosen again
});
for (const kind of ["dragover", "dragleave", "drop"]) {
  // On the whole page: a picture that misses the box must not replace the page.
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    $("drop").classList.toggle("over", kind === "dragover");
    if (kind === "drop") judge(event.dataTransfer.files[0]);
  });
}
document.addEventListener("paste", (event) => judge([...event.clipboardData.files].find((file) => file.type.startsWith("image/"))));

// ---- the camera ----

const between = 250; // milliseconds: at most four pictures a second
let stream;

async function openCamera() {
  if (!navigator.mediaDevices?.getUserMedia) {
    show({ trouble: true, reason: "no-camera", message: { zh: "浏览器只在 localhost 或 HTTPS 下允许摄像头", en: "Browsers allow the camera on localhost and over HTTPS only" } });
    return;
  }
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
  } catch {
    show({ trouble: true, reason: "no-camera", message: { zh: "摄像头不可用或未获允许", en: "The camera is not there or was not allowed" } });
    return;
  }
  $("camera").setAttribute("aria-pressed", "true");
  $("video").srcObject = stream;
  $("video").hidden = false;
  $("video").play().catch(() => {}); // not waited for: watch sees by itself when there are pictures
  watch(stream);
}

function closeCamera() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = undefined;
  $("video").srcObject = null;
  $("video").hidden = true;
  $("camera").setAttribute("aria-pressed", "false");
}

// watch looks until a gate says something about a code.
async function watch(mine) {
  while (stream === mine) {
    const began = performance.now();
    const { videoWidth: width, videoHeight: height } = $("video");
    if (width > 0) {
      const scale = Math.min(1, 960 / Math.max(width, height));
      const said = await drawn($("video"), Math.round(width * scale), Math.round(height * scale), "image/jpeg").then(ask, () => unreachable);
      if (stream !== mine) return;
      if (said.reason !== "no-code" && said.reason !== "busy") {
        closeCamera();
        show(said);
        return;
      }
    }
    await new Promise((done) => setTimeout(done, Math.max(0, began + between - performance.now())));
  }
}

$("camera").addEventListener("click", () => (stream ? closeCamera() : openCamera()));

// ---- the gate's network ----

function showNetwork() {
  const online = chosen("gate").dataset.network === "online";
  $("network").checked = online;
  $("networktext").textContent = online ? "已联网 · connected" : "断网，只靠本机判定 · none: the gate decides by itself";
}

$("network").addEventListener("change", async () => {
  const gate = chosen("gate");
  try {
    const answer = await fetch("/network", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ gate: gate.value, online: $("network").checked }) });
    const said = await answer.json();
    if (answer.ok) gate.dataset.network = said.online ? "online" : "none";
    else show({ ...said, trouble: true });
  } catch {
    show(unreachable);
  }
  showNetwork();
});
for (const input of document.querySelectorAll('input[name="gate"]')) input.addEventListener("change", showNetwork);

showNetwork();
refresh();
