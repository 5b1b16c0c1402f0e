/** The widget's own words. Other languages come as a JSON file with these keys. */

import type { LauncherLabels } from "../shared/host";

const en = {
  title: "Shop assistant",
  subtitle: "AI assistant",
  greeting: "Hello! Ask me about products, your orders, delivery or returns.",
  suggestions: ["Help me choose a product", "Where is my order?", "What does delivery cost?", "How do I return something?"],
  close: "Close the chat",
  conversation: "Conversation",
  placeholder: "Write a message…",
  send: "Send",
  you: "You",
  typing: "The assistant is typing",
  menu: "Menu",
  soundOn: "Turn sound on",
  soundOff: "Turn sound off",
  otherLanguage: "中文",
  download: "Download transcript",
  restart: "Start over",
  restartAsk: "Start a new conversation? This one will be cleared here.",
  end: "End and rate",
  rateAsk: "How was this conversation?",
  star: "{n} of 5 stars",
  comment: "Anything to add? (optional)",
  submit: "Submit",
  skip: "Not now",
  thanks: "Thank you for your feedback.",
  rateFailed: "That could not be sent. Please try again.",
  copy: "Copy",
  copied: "Copied",
  up: "Helpful",
  down: "Not helpful",
  why: "What was wrong?",
  reasons: { wrong: "Incorrect", unclear: "Unclear", not_helpful: "Did not help", slow: "Too slow", other: "Something else" },
  more: "Show more",
  source: "Source {n}: {title}",
  openSource: "Open the page",
  addToCart: "Add to cart",
  added: "Added",
  view: "View product",
  was: "was",
  products: "Products",
  previous: "Previous",
  next: "Next",
  order: "Order {number}",
  placed: "Placed {date}",
  total: "Total",
  tracking: "Tracking number",
  events: "Parcel history",
  done: "done",
  current: "now",
  todo: "to come",
  table: "Table",
  waiting: "Waiting to be sent",
  failed: "That did not work.",
  retry: "Try again",
  offline: "No connection. Your messages will be sent when it is back.",
  queued: "You are number {n} in the queue for a person.",
  waitingPerson: "A person will answer you here.",
  opens: "Our team is back {when}.",
  agent: "You are talking to {name}",
  person: "our team",
  latest: "New messages",
  tooLong: "{n} characters over the limit",
  newWindow: "opens in a new tab",
};

export type Strings = typeof en;

const zh: Strings = {
  title: "导购助手",
  subtitle: "智能客服",
  greeting: "您好！想看商品、查订单，还是问配送和退换，直接说就行。",
  suggestions: ["帮我挑一件商品", "我的订单到哪了？", "运费怎么算？", "怎么退货？"],
  close: "收起客服",
  conversation: "对话",
  placeholder: "输入您的问题…",
  send: "发送",
  you: "您",
  typing: "客服正在输入",
  menu: "菜单",
  soundOn: "打开提示音",
  soundOff: "关闭提示音",
  otherLanguage: "English",
  download: "下载聊天记录",
  restart: "重新开始",
  restartAsk: "要开始新的对话吗？当前对话会从这里清除。",
  end: "结束并评价",
  rateAsk: "这次服务您满意吗？",
  star: "{n} 星（满分 5 星）",
  comment: "还有什么想说的？（选填）",
  submit: "提交",
  skip: "暂不",
  thanks: "感谢您的反馈。",
  rateFailed: "提交失败，请再试一次。",
  copy: "复制",
  copied: "已复制",
  up: "有帮助",
  down: "没帮助",
  why: "哪里不满意？",
  reasons: { wrong: "内容有误", unclear: "没说清楚", not_helpful: "没解决问题", slow: "太慢了", other: "其他" },
  more: "展开全文",
  source: "出处 {n}：{title}",
  openSource: "查看原文",
  addToCart: "加入购物车",
  added: "已加入",
  view: "查看商品",
  was: "原价",
  products: "商品",
  previous: "上一个",
  next: "下一个",
  order: "订单 {number}",
  placed: "{date} 下单",
  total: "合计",
  tracking: "运单号",
  events: "物流动态",
  done: "已完成",
  current: "进行中",
  todo: "未开始",
  table: "表格",
  waiting: "等待发送",
  failed: "没有成功。",
  retry: "再试一次",
  offline: "网络已断开，恢复后会自动发送您的消息。",
  queued: "正在为您转接人工客服，您排在第 {n} 位。",
  waitingPerson: "人工客服会在这里回复您。",
  opens: "人工客服{when}上班。",
  agent: "{name} 正在为您服务",
  person: "人工客服",
  latest: "有新消息",
  tooLong: "超出 {n} 个字",
  newWindow: "在新标签页打开",
};

const BUILT_IN: Record<string, Strings> = { zh, en };

export interface Words {
  /** A BCP 47 name, for dates and amounts. */
  language: string;
  direction: "ltr" | "rtl";
  strings: Strings;
  /** The launcher's, in a language that does not come with the widget. */
  labels?: Partial<LauncherLabels>;
}

/** The strings of a language; what a JSON file leaves out stays in English. */
export async function loadWords(language: string, url?: string): Promise<Words> {
  if (url) {
    try {
      const own = (await (await fetch(new URL(url, document.baseURI))).json()) as Partial<
        Strings & LauncherLabels & Words
      >;
      const named = own.language ?? language;
      return {
        language: named,
        direction: own.direction ?? (/^(ar|dv|fa|he|ps|sd|ug|ur|yi)\b/.test(named) ? "rtl" : "ltr"),
        strings: { ...en, ...own, reasons: { ...en.reasons, ...own.reasons } },
        labels: own,
      };
    } catch {
      console.warn(`Shopguide: ${url} could not be read as a JSON file of strings; English is shown.`);
    }
  }
  const name = language.startsWith("zh") ? "zh" : "en";
  return {
    language: language.startsWith(name) ? language : name,
    direction: "ltr",
    strings: BUILT_IN[name]!,
  };
}

/** Fill the places in braces. */
export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}
