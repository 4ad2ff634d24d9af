import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from core.migration_operations import CreateTables, protect


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('core', '0001_initial'),
    ]

    operations = [
        CreateTables(
            models=[
                migrations.CreateModel(
                    name='Channel',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=120, unique=True)),
                    ],
                ),
                migrations.CreateModel(
                    name='Content',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=160, unique=True)),
                        ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('link', models.URLField(blank=True, max_length=500)),
                        ('how_to_use', models.TextField(blank=True)),
                        ('ready_on', models.DateField(blank=True, help_text='the day from which it can be used', null=True)),
                    ],
                ),
                migrations.CreateModel(
                    name='Campaign',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=160)),
                        ('channel', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='campaigns.channel')),
                        ('source', models.CharField(default='tandem', max_length=60)),
                        ('external_id', models.CharField(blank=True, max_length=200, null=True)),
                        ('marketing_owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('sales_owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('starts_on', models.DateField(blank=True, null=True)),
                        ('ends_on', models.DateField(blank=True, null=True)),
                        ('brief', models.TextField(blank=True)),
                        ('plan_version', models.PositiveIntegerField(default=1)),
                        ('contents', models.ManyToManyField(blank=True, related_name='campaigns', to='campaigns.content')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('source', 'external_id'), name='campaigns_campaign_identity'), models.UniqueConstraint(condition=models.Q(('external_id__isnull', True)), fields=('name',), name='campaigns_campaign_name_once')],
                    },
                ),
                migrations.CreateModel(
                    name='ChannelChange',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.campaign')),
                        ('changed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                    ],
                ),
                migrations.CreateModel(
                    name='PreviewNote',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='preview_notes', to='campaigns.campaign')),
                        ('plan_version', models.PositiveIntegerField()),
                        ('kind', models.CharField(choices=[('asked', 'Preview asked for'), ('seen', 'Seen'), ('comment', 'Comment'), ('change_asked', 'Change asked for'), ('change_made', 'Changed'), ('change_declined', 'Stays as it is')], max_length=15)),
                        ('text', models.TextField(blank=True)),
                        ('answers', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='answer', to='campaigns.previewnote')),
                        ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('occurred_at', models.DateTimeField()),
                        ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                    ],
                    options={
                        'indexes': [models.Index(fields=['campaign', 'kind', 'plan_version'], name='campaigns_preview_state')],
                    },
                ),
                migrations.CreateModel(
                    name='Spend',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('programme', 'Programme'), ('people', 'People'), ('tools', 'Tools'), ('commissions', 'Commissions'), ('other', 'Other')], default='programme', help_text='only programme cost is of a campaign or channel', max_length=11)),
                        ('campaign', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='campaigns.campaign')),
                        ('channel', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='campaigns.channel')),
                        ('label', models.CharField(blank=True, default='', help_text='what for, in a few words', max_length=160)),
                        ('amount', models.BigIntegerField(help_text='minor units; zero in a row that only voids')),
                        ('currency', models.CharField(max_length=3)),
                        ('service_from', models.DateField()),
                        ('service_to', models.DateField()),
                        ('status', models.CharField(choices=[('planned', 'Planned'), ('committed', 'Committed'), ('invoiced', 'Invoiced')], default='invoiced', max_length=9)),
                        ('voids', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='voided_by', to='campaigns.spend')),
                        ('source', models.CharField(default='tandem', max_length=60)),
                        ('external_id', models.CharField(blank=True, max_length=200, null=True)),
                        ('import_batch', models.BigIntegerField(blank=True, null=True)),
                        ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                    ],
                    options={
                        'indexes': [models.Index(fields=['source', 'external_id'], name='campaigns_spend_identity')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('service_to__gte', models.F('service_from'))), name='campaigns_spend_days_in_order'), models.CheckConstraint(condition=models.Q(('kind', 'programme'), models.Q(('campaign__isnull', True), ('channel__isnull', True)), _connector='OR'), name='campaigns_spend_of_all_campaigns')],
                    },
                ),
            ],
        ),
        *protect("campaigns_spend", "campaigns_previewnote"),
    ]
