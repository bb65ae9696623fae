// Hears signals of the timebank with amqplib.
//
//     npm ci --prefix examples/node
//     node examples/node/subscriber.mjs 'amqp://sub-...:...@host:port/timebank'
//
// The address is what `POST /v1/subscriptions/{id}/credentials` answers.

import amqp from "amqplib";

const address = process.argv[2];
const queue = `${new URL(address).username}.signals`;
const seen = new Set(); // yours will outlive the process: delivery is at least once

const connection = await amqp.connect(address);
const channel = await connection.createChannel();
await channel.prefetch(100);

function heard(message) {
  if (message === null) process.exit(1); // the queue is gone: the subscription has ended
  const signal = JSON.parse(message.content);
  if (!seen.has(signal.id)) {
    seen.add(signal.id);
    console.log(signal.type, signal.subject, signal.dataref);
  }
  channel.ack(message);
}

// The queue is there already, bound and bounded; declaring it is not ours to do.
await channel.consume(queue, heard);
console.log("listening");
